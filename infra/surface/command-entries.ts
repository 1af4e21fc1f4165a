import type { Command } from 'commander'
import { createProgram } from '../../src/cli/program.ts'
import type { Entry } from './entry.ts'

/** Every verb with its arguments, and every option of it. */
export const commandEntries = async (): Promise<Entry[]> =>
  (await createProgram()).commands.flatMap((command) => entriesOf(command, ''))

function entriesOf(command: Command, parent: string): Entry[] {
  const name = `${parent}${command.name()}`
  const words = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  )
  const options = command.options.map(({ flags, long, short, mandatory, defaultValue, argChoices }): Entry => {
    const facts = [
      flags,
      ...(mandatory ? ['required'] : []),
      ...(argChoices ? [`one of ${argChoices.join(', ')}`] : []),
      ...(defaultValue === undefined ? [] : [`= ${JSON.stringify(defaultValue)}`]),
    ]
    return { kind: 'command', name: `${name} ${long ?? short}`, detail: facts.join(' ') }
  })
  const below = command.commands.flatMap((each) => entriesOf(each, `${name} `))
  return [{ kind: 'command', name, detail: words.join(' ') }, ...options, ...below]
}
