import { Command } from 'commander'
import { systemClock } from '../../shared/clock.ts'
import { gatewayOption } from './commands.ts'
import { configDir } from './config-dir.ts'
import { chooseGateway, freshSignIn } from './fresh-token.ts'
import { loadSession, type SessionInfo } from './session.ts'
import { TokenCache } from './token-cache.ts'

interface Options {
  readonly gateway?: string
  readonly json?: true
}

/** `whoami`: what the gateway knows of the person who signed in with `login`. */
export function whoamiCommand(): Command {
  return sessionCommand('whoami', 'print who you are at the gateway', (session, gateway) => ({
    json: { gateway, ...session },
    lines: [
      ['user', session.username],
      ['gateway', gateway],
      ['issuer', session.issuer],
      ['groups', session.groups.join(', ') || 'none'],
      ['projects', session.projects.map(({ name, role }) => `${name} (${role})`).join(', ') || 'none'],
      ...(session.admin ? [['role', 'administrator of all projects'] as const] : []),
    ],
  }))
}

/** `projects`: the projects of the person who signed in with `login`. */
export function projectsCommand(): Command {
  return sessionCommand('projects', 'print your projects: name, role and UUID', ({ projects }) => ({
    json: projects,
    lines: projects.map(({ name, role, id }) => [name, role, id]),
    none: 'You are not a member of any project. Ask an administrator to add you to a project group.',
  }))
}

interface Output {
  readonly json: unknown
  /** Rows of columns. */
  readonly lines: readonly (readonly string[])[]
  /** Printed on stderr where there are no rows. */
  readonly none?: string
}

function sessionCommand(
  name: string,
  description: string,
  render: (session: SessionInfo, gateway: string) => Output,
): Command {
  return new Command(name)
    .description(description)
    .addOption(gatewayOption())
    .option('--json', 'print JSON')
    .action(async ({ gateway: named, json }: Options) => {
      const cache = new TokenCache(configDir())
      const gateway = chooseGateway(await cache.load(), named)
      const { access_token: token } = await freshSignIn(cache, gateway, systemClock)
      const output = render(await loadSession(gateway, token), gateway)
      if (json) return console.log(JSON.stringify(output.json, null, 2))
      if (output.lines.length === 0) return console.error(output.none)
      console.log(inColumns(output.lines))
    })
}

/** Names come from a server: control characters in them are not for the terminal. */
const shown = (text: string) => text.replaceAll(/\p{Cc}/gu, '?')

function inColumns(rows: readonly (readonly string[])[]): string {
  const safe = rows.map((row) => row.map(shown))
  const widths = (safe[0] ?? []).map((_, column) => Math.max(...safe.map((row) => row[column]?.length ?? 0)))
  return safe
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
