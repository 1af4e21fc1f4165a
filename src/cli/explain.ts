import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Command } from 'commander'
import { decodeJwt } from 'jose'
import { profileOf } from '../gateway/apps/profile-of.ts'
import { loadConfig } from '../gateway/config/load.ts'
import type { Config } from '../gateway/config/schema.ts'
import { REASONS, type Reason, Refusal } from '../gateway/errors.ts'
import { parseTarget } from '../gateway/http/target.ts'
import { principalOf } from '../gateway/issuer/claims.ts'
import { Issuer } from '../gateway/issuer/issuer.ts'
import { projectsToken } from '../gateway/issuer/service-token.ts'
import { buildLog } from '../gateway/observability/log.ts'
import { decide } from '../gateway/policy/decide.ts'
import type { Decision, Principal } from '../gateway/policy/types.ts'
import { openProjects } from '../gateway/projects/open.ts'
import { readBelowRoute } from '../gateway/routing/below-route.ts'
import { accessOf, buildRoutes, canonicalHost } from '../gateway/routing/routes.ts'
import { systemClock } from '../shared/clock.ts'
import { messageOf } from '../shared/message-of.ts'
import { CliError } from './cli-error.ts'

interface Options {
  config: string
  method: string
  url: string
  user?: string
  groups?: string
  project?: string
  tokenFile?: string
  json?: boolean
}

interface Explanation {
  readonly allowed: boolean
  readonly status: number
  readonly reason: string
  readonly text: string
  readonly route?: string
  readonly access?: string
  readonly use?: string
  readonly role?: string
  readonly project?: string
  readonly groups: readonly string[]
}

const REFUSED = 3

/** `explain`: replays a request against the configuration with the gateway's own code. Only projects of a core API are asked for. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('tell the decision on a request, the rule and the reason; exit 0 allowed, 3 refused')
    .requiredOption('--config <file>', 'configuration (YAML)')
    .option('--method <method>', 'request method', 'GET')
    .requiredOption('--url <url>', 'URL as the client sends it, or a path on publicUrl')
    .option('--user <name>', 'a signed-in person of this name')
    .option('--groups <list>', 'the groups of that person, separated by commas')
    .option('--project <uuid>', 'as if sent in AOA-Project-ID')
    .option('--token-file <file>', 'take person and groups from an access token in this file (not verified)')
    .option('--json', 'print JSON')
    .action(async (options: Options) => {
      const explanation = await explain(options)
      console.log(options.json ? JSON.stringify(explanation, null, 2) : inWords(explanation))
      process.exitCode = explanation.allowed ? 0 : REFUSED
    })
}

async function explain(options: Options): Promise<Explanation> {
  const config = loadConfig(options.config)
  const principal = principalFrom(options, config)
  const groups = [...(principal?.groups ?? [])]
  try {
    return { ...(await judge(options, config, principal)), groups }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { allowed: false, status: error.status, reason: error.reason, text: REASONS[error.reason].text, groups }
  }
}

async function judge(
  options: Options,
  config: Config,
  principal: Principal | undefined,
): Promise<Omit<Explanation, 'groups'>> {
  const { host, target } = whereTo(options.url, config)
  const routes = buildRoutes(config, profileOf)
  if (!routes.hosts.has(host)) throw new Refusal('unknown-host', host)
  const route = routes.match(host, target.path)
  if (!route) throw new Refusal('no-route', target.path)
  if (!route.methods.has(options.method)) throw new Refusal('method-not-allowed', options.method)
  const headers = options.project === undefined ? [] : ['AOA-Project-ID', options.project]
  const below = readBelowRoute(
    { method: options.method, rawHeaders: headers, headers: {} } as IncomingMessage,
    target,
    route,
  )
  const use = route.profile.use(below.app)
  const { source, firstLoad, close } = openProjectsAlone(config)
  try {
    await firstLoad
    const { adminGroup, serviceUsers } = config.access
    const access = accessOf(route, below.app)
    const question = { access, use, principal, named: below.named, selected: undefined }
    const decision = decide(question, { adminGroup, serviceUsers: new Set(serviceUsers) }, source.snapshot())
    return { ...facts(decision), route: route.name, access, use }
  } finally {
    close()
  }
}

function openProjectsAlone(config: Config) {
  const log = buildLog({ level: 'error', requests: 'none' })
  const issuer = new Issuer({ config, clock: systemClock, log })
  return openProjects(config.projects, log, projectsToken(config, issuer, systemClock))
}

function facts(decision: Decision): Pick<Explanation, 'allowed' | 'status' | 'reason' | 'text' | 'role' | 'project'> {
  if (!decision.allow) {
    const reason: Reason = decision.reason
    return { allowed: false, status: REASONS[reason].status, reason, text: REASONS[reason].text }
  }
  const project = decision.project && `${decision.project.name} (${decision.project.id})`
  return {
    allowed: true,
    status: 200,
    reason: decision.reason,
    text: 'The request is passed on.',
    role: decision.role,
    ...(project === undefined ? {} : { project }),
  }
}

function whereTo(text: string, config: Config) {
  const { publicUrl } = config.server
  const absolute = /^(https?):\/\/([^/?#]+)(.*)$/.exec(text)
  const host = canonicalHost(
    absolute ? absolute[2] : new URL(publicUrl).host,
    publicUrl.startsWith('https:') ? '443' : '80',
  )
  if (host === undefined) throw new CliError(`--url: expected a URL or a path, got ${JSON.stringify(text)}`)
  // Not the URL class: it would repair what the gateway refuses.
  return { host, target: parseTarget(absolute ? absolute[3] || '/' : text) }
}

function principalFrom(options: Options, config: Config): Principal | undefined {
  if (options.tokenFile !== undefined) return principalOfToken(options.tokenFile, config)
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
  }
}

function principalOfToken(file: string, config: Config): Principal {
  try {
    return principalOf(
      decodeJwt(readFileSync(file, 'utf8').trim()),
      config.issuer,
      buildLog({ level: 'error', requests: 'none' }),
    )
  } catch (error) {
    throw new CliError(`--token-file: expected a file with a JWT, got ${messageOf(error)}`)
  }
}

function inWords({ allowed, status, reason, text, groups, ...rest }: Explanation): string {
  const rows: [string, string | undefined][] = [
    ['decision', allowed ? 'allowed' : `refused (${status})`],
    ['reason', `${reason}: ${text}`],
    ['route', rest.route],
    ['access', rest.access],
    ['use', rest.use],
    ['role', rest.role],
    ['project', rest.project],
    ['groups', groups.join(', ') || 'none'],
  ]
  return rows
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name.padEnd(9)} ${value}`)
    .join('\n')
}
