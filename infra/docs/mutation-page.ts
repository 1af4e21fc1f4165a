import { LEAST_SCORE, type RoomResult, readResults, scoreOf } from '../mutation/results.ts'
import { MUTATED_ROOMS, type MutatedRoom } from '../mutation/rooms.ts'
import { acceptedSurvivors, type Survivors } from '../mutation/survivors.ts'

/** What the last mutation tests found, and each survivor with its reason. */
export function mutationPage(): string {
  const results = readResults()
  const intro = [
    '# Mutation tests',
    '',
    'A mutation test changes the source in one small way, such as `<` to `<=` or a text to an empty one, and runs the unit tests.',
    'If a test fails, the mutant is killed. If none fails, the mutant survives: the tests would not notice that mistake. The rooms',
    'here decide who may do what, or write what an application believes.',
    '',
    `\`npm run mutation\` changes each room with [Stryker](https://stryker-mutator.io). It fails if a room has a score below ${LEAST_SCORE} %, or if`,
    'a survivor is not in `infra/mutation/survivors` with its reason, or if one there no longer survives. The words of errors are',
    'not changed. This page is generated from the results of the last run.',
    '',
    '| room | mutants | killed | timeout | survived | no coverage | score |',
    '|---|---|---|---|---|---|---|',
    ...MUTATED_ROOMS.map(({ name }) => resultRow(name, results[name])),
    '',
    'A mutant that never ends counts as noticed. The score is the share of killed and timed-out mutants.',
  ]
  return `${[...intro, ...MUTATED_ROOMS.flatMap(section)].join('\n')}\n`
}

function resultRow(name: string, result: RoomResult | undefined): string {
  if (result === undefined) throw new Error(`${name}: no results; run: npm run mutation -- --room ${name} --write`)
  const { mutants, killed, timeout, survived, noCoverage } = result
  return `| ${[`[${name}](#${name})`, mutants, killed, timeout, survived, noCoverage, `${scoreOf(result).toFixed(1)} %`].join(' | ')} |`
}

function section({ name, about, mutate }: MutatedRoom): string[] {
  const survivors = acceptedSurvivors(name)
  return [
    `\n## ${name}\n`,
    `Mutated: ${about}. Files: ${mutate.map(code).join(', ')}.\n`,
    ...(survivors.length === 0
      ? ['No mutant survives.']
      : ['| where | change | why no test notices |', '|---|---|---|']),
    ...survivors.flatMap(survivorRows),
  ]
}

const survivorRows = ({ file, mutants, why }: Survivors) =>
  mutants.map((mutant) => `| [${file.split('/').at(-1)}](../../${file}) | ${code(mutant)} | ${cell(why)} |`)

/** Code may contain backticks (CommonMark §6.1). */
const code = (text: string) => (text.includes('`') ? `\`\` ${cell(text)} \`\`` : `\`${cell(text)}\``)

const cell = (text: string) => text.replaceAll('|', '\\|')
