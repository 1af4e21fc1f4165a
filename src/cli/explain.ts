import { Command } from 'commander'
import { profileOf } from '../gateway/apps/profile-of.ts'
import { loadConfig } from '../gateway/config/load.ts'
import type { Config } from '../gateway/config/schema.ts'
import type { Refusal } from '../gateway/errors.ts'
import { Issuer } from '../gateway/issuer/issuer.ts'
import { projectsToken } from '../gateway/issuer/service-token.ts'
import { buildLog } from '../gateway/observability/log.ts'
import type { Authentication } from '../gateway/policy/step-up.ts'
import type { Principal } from '../gateway/policy/types.ts'
import { openProjects } from '../gateway/projects/open.ts'
import { buildExplain, type Explanation } from '../gateway/request/explain.ts'
import { buildRoutes } from '../gateway/routing/routes.ts'
import { systemClock } from '../shared/clock.ts'
import { CliError } from './cli-error.ts'
import { noSecretsOption, offlineOption, warnOf } from './load-options.ts'
import { callerOfToken, type TokenCaller } from './token-caller.ts'

interface Options {
  config: string
  method: string
  url: string
  user?: string
  groups?: string
  project?: string
  tokenFile?: string
  acr?: string
  signedIn?: string
  json?: boolean
  offline?: boolean
  secrets: boolean
}

const DENIED = 3

/** `explain`: runs a request through the gateway's own steps. No server is contacted, except a core API for its projects. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('explain the decision on a request: rule and reason; exit code 0: allowed, 3: denied')
    .requiredOption('--config <file>', 'configuration (YAML)')
    .option('--method <method>', 'request method', 'GET')
    .requiredOption('--url <url>', 'URL as the client sends it, or a path on publicUrl')
    .option('--user <name>', 'a signed-in user of this name')
    .option('--groups <list>', 'the groups of that user, separated by commas')
    .option('--project <uuid>', 'as if sent in AOA-Project-ID')
    .option(
      '--token-file <file>',
      'take the caller from an access token in this file (not verified); shows the rule that matches, or comes nearest',
    )
    .option('--acr <value>', 'the authentication level of that user, as the issuer states it')
    .option('--signed-in <seconds>', 'how long ago that user authenticated at the issuer')
    .option('--json', 'print JSON')
    .addOption(offlineOption('contact no server, not even the core API for its projects'))
    .addOption(noSecretsOption())
    .action(async (options: Options) => {
      const explanation = await explain(options)
      console.log(options.json ? JSON.stringify(explanation, null, 2) : inWords(explanation))
      process.exitCode = explanation.allowed ? 0 : DENIED
    })
}

/** The rules and faults of a token, for which there is one. */
type TokenFacts = Partial<Pick<TokenCaller, 'grants' | 'nearest' | 'notes'>>
type Explained = Explanation & { readonly token?: TokenFacts }

async function explain(options: Options): Promise<Explained> {
  const { config: file, offline, secrets } = options
  const config = loadConfig(file, process.env, { warn: warnOf(file), withoutSecrets: !secrets })
  if (offline && config.projects.source === 'core')
    throw new CliError(
      '--offline: projects.source is core, and only the core API knows its projects; leave out --offline',
    )
  if (options.tokenFile === undefined) return explainRequest(config, principalFrom(options, config), options)
  const { principal, refusal, ...token } = callerOfToken(options.tokenFile, config, systemClock())
  return { ...(await explainRequest(config, principal, options, refusal)), token }
}

/** A request as it would be sent. */
export type AskedRequest = Pick<Options, 'method' | 'url' | 'project'>

/** What the gateway would decide about the request of a principal, or of nobody. @param refusal Of its token */
export async function explainRequest(
  config: Config,
  principal: Principal | undefined,
  { method, url, project }: AskedRequest,
  refusal?: Refusal,
): Promise<Explanation> {
  const { source: projects, firstLoad, close } = openProjectsAlone(config)
  try {
    await firstLoad
    const explain = buildExplain({ config, projects, routes: buildRoutes(config, profileOf) })
    return await explain({ ...placeOf(url), method, project, principal, refusal })
  } finally {
    close()
  }
}

/** The projects of a configuration, for one question. */
export function openProjectsAlone(config: Config) {
  const log = buildLog({ level: 'error' })
  const issuer = new Issuer({ config, clock: systemClock, log })
  return openProjects(config.projects, log, projectsToken(config, issuer, systemClock))
}

/** Not by the URL class: it would repair what the gateway denies. */
function placeOf(url: string): { target: string; host: string | undefined } {
  const absolute = /^(https?):\/\/([^/?#]+)(.*)$/.exec(url)
  if (absolute === null && !url.startsWith('/'))
    throw new CliError(`--url: expected a URL or a path, got ${JSON.stringify(url)}`)
  return absolute ? { target: absolute[3] || '/', host: absolute[2] } : { target: url, host: undefined }
}

function principalFrom(options: Options, config: Config): Principal | undefined {
  if (options.user === undefined && options.groups === undefined) return undefined
  const groups = (options.groups ?? '').split(',').filter((group) => group !== '')
  const username = options.user ?? 'somebody'
  return {
    issuer: config.issuer.url,
    subject: username,
    kind: 'person',
    username,
    groups: new Set(groups),
    projectIds: new Set(),
    authentication: authenticationFrom(options),
  }
}

/** @throws CliError */
function authenticationFrom({ acr, signedIn }: Options): Authentication {
  if (signedIn !== undefined && !/^\d{1,9}$/.test(signedIn))
    throw new CliError(`--signed-in: expected whole seconds, got ${JSON.stringify(signedIn)}`)
  return {
    ...(acr !== undefined && { acr }),
    ...(signedIn !== undefined && { authenticatedAt: systemClock() - Number(signedIn) * 1000 }),
  }
}

function inWords({ allowed, status, reason, text, groups, token = {}, ...rest }: Explained): string {
  const rows: [string, string | undefined][] = [
    ['decision', allowed ? 'allowed' : `denied (${status})`],
    ['reason', `${reason}: ${text}`],
    ['route', rest.route],
    ['access', rest.access],
    ['use', rest.use],
    ['role', rest.role],
    ['project', rest.project],
    ['level', rest.level],
    ['groups', groups.join(', ') || 'none'],
    ...(token.notes ?? []).map((note): [string, string] => ['token', note]),
    ...rulesInWords(token),
  ]
  return rows
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name.padEnd(9)} ${value}`)
    .join('\n')
}

function rulesInWords({ grants = [], nearest }: TokenFacts): [string, string][] {
  const unmet = (nearest?.unmet ?? []).map(({ claim, expected, received }): [string, string] => [
    'claim',
    `${claim}: expected ${expected}, got ${received}`,
  ])
  return [
    ...grants.map(({ rule, role, projectId }): [string, string] => [
      'rule',
      `${rule} matches: ${role} of ${projectId}`,
    ]),
    ...(nearest ? [['rule', `none matches; ${nearest.rule} comes nearest`] as [string, string], ...unmet] : []),
  ]
}
