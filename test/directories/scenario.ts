import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BrowserContext } from 'playwright-core'
import { seedProject } from '../../infra/demo/seed.ts'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { type Keycloak, startKeycloak } from '../../infra/parts/keycloak.ts'
import { startMlflow } from '../../infra/parts/mlflow.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { KeycloakAdmin } from '../keycloak/admin.ts'
import { type MovedClock, startGateway } from '../kit.ts'
import { openProfile } from './chromium.ts'
import { startSeededCore } from './seeded-core.ts'

export const GAMMA = '33333333-3333-4333-8333-333333333333'
/** The only experiment of each project. */
export const EXPERIMENTS = { alpha: 'alpha-price-model', beta: 'beta-demand-model', gamma: 'gamma-kitchen-model' }

/** Options of the hook that starts a scenario: on a busy machine it takes minutes. */
export const SCENARIO_STARTS = { timeout: 400_000 }

export interface ScenarioOptions {
  /** Realm files in infra/keycloak/directories, without `-realm.json`. The gateway signs in at the first one. */
  readonly realms: readonly string[]
  /** Groups of the projects alpha, beta and gamma, without the leading slash of Keycloak. */
  readonly groups: Readonly<Record<keyof typeof EXPERIMENTS, string>>
  /** Environment of Keycloak, for the realm files. */
  readonly env?: Record<string, string>
  /** Merged into the section `issuer` of the gateway. */
  readonly issuer?: Record<string, unknown>
  /** Lifetime of the access tokens of sessions, which are then refreshed when they expire. Default: that of the realm. */
  readonly tokenSeconds?: number
}

/** A Keycloak with the realms of a guide, the gateway, a real MLflow and the core API. */
export interface Scenario {
  /** Origin of the gateway. */
  readonly url: string
  readonly issuerUrl: string
  readonly keycloak: Keycloak
  /** Moves the gateway's clock by one lifetime of an access token: the next request of each session refreshes it. */
  expireTokens(): void
  /** An administrator of one realm, signed in now: the token lives for a minute. */
  admin(realm: string): Promise<KeycloakAdmin>
  /** Chromium with a new profile and the Kerberos tickets that the environment names. */
  browser(env?: Record<string, string>): Promise<BrowserContext>
  close(): Promise<void>
}

export async function startScenario(options: ScenarioOptions): Promise<Scenario> {
  const folder = mkdtempSync(join(tmpdir(), 'directories-'))
  const [port, keycloakPort] = [await freePort(), await freePort()]
  const url = `http://localhost:${port}`
  const clock: MovedClock = { ahead: 0 }
  const closing: (() => Promise<unknown>)[] = []
  const kept = <T extends { close(): Promise<unknown> }>(part: T): T => {
    closing.push(() => part.close())
    return part
  }
  const close = async () => {
    for (const each of closing.reverse()) await each()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const keycloak = kept(await startKeycloak(keycloakOptions(url, keycloakPort, options)))
    const admin = (realm: string) => adminOf(keycloak, realm)
    await setTokenLifetime(admin, options)
    const mlflow = kept(await startMlflow({ dir: join(folder, 'mlflow') }))
    const projects = projectsOf(options.groups)
    for (const { id: projectId, name } of projects)
      await seedProject(mlflow.url, { projectId, experiment: EXPERIMENTS[name], learningRates: [0.1], wobble: 0.2 })
    const now = () => Date.now() + clock.ahead
    const core = kept(await startSeededCore({ gatewayUrl: url, issuerUrl: keycloak.url, folder, projects, now }))
    kept(
      await startGateway({
        ...{ port, issuerUrl: keycloak.url, upstream: mlflow.url, host: 'localhost', clock },
        config: {
          issuer: {
            ...{ clientSecret: 'gateway-secret', groups: { claim: 'groups', normalize: 'keycloak-path' } },
            ...options.issuer,
          },
          session: options.tokenSeconds === undefined ? {} : { refreshBeforeSeconds: 0 },
          projects: { source: 'static', list: projects },
        },
        routes: [
          { name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project' },
          { name: 'core', app: 'core', path: '/core', access: 'project', upstream: core.url },
        ],
      }),
    )
    return {
      ...{ url, issuerUrl: keycloak.url, keycloak, admin, close },
      expireTokens: () => {
        clock.ahead += (options.tokenSeconds ?? 0) * 1000
      },
      browser: async (env = {}) => kept(await openProfile(folder, env)),
    }
  } catch (error) {
    await close()
    throw error
  }
}

const projectsOf = ({ alpha, beta, gamma }: ScenarioOptions['groups']) =>
  [
    { id: ALPHA, name: 'alpha', groups: [alpha] },
    { id: BETA, name: 'beta', groups: [beta] },
    { id: GAMMA, name: 'gamma', groups: [gamma] },
  ] as const

const keycloakOptions = (gatewayUrl: string, port: number, { realms, env }: ScenarioOptions) => ({
  ...{ gatewayUrl, port },
  realms: realms.map((realm) => join('infra', 'keycloak', 'directories', `${realm}-realm.json`)),
  env: {
    KEYCLOAK_ORIGIN: `http://localhost:${port}`,
    ...{ GATEWAY_ORIGIN: gatewayUrl, GATEWAY_CLIENT_SECRET: 'gateway-secret' },
    KC_SPI_GROUP__JPA__ESCAPE_SLASHES_IN_GROUP_PATH: 'true',
    ...env,
  },
})

async function adminOf(keycloak: Keycloak, realm: string): Promise<KeycloakAdmin> {
  const admin = new KeycloakAdmin({ ...keycloak, adminUrl: `${keycloak.origin}/admin/realms/${realm}` })
  await admin.signIn()
  return admin
}

async function setTokenLifetime(
  admin: Scenario['admin'],
  { realms: [realm = ''], tokenSeconds }: ScenarioOptions,
): Promise<void> {
  if (tokenSeconds === undefined) return
  await (await admin(realm)).setClient('gateway', { 'access.token.lifespan': String(tokenSeconds) })
}

/** Status of a request to the core API with a bearer token, in one project. */
export async function bearerCall({ url }: Pick<Scenario, 'url'>, token: string, project: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, 'AOA-Project-ID': project }
  const response = await fetch(`${url}/core/api/projects`, { headers })
  await response.arrayBuffer()
  return response.status
}

/** Somebody with a session, or without one: `projects` is undefined. */
interface Member {
  projects(): Promise<string[] | undefined>
}

/** Seconds until the member has exactly these projects. @throws Error if not in time */
export const secondsUntilProjects = (member: Member, names: readonly string[]): Promise<number> =>
  secondsUntil(async () => (await member.projects())?.join() === names.join())

/** Seconds until the gateway has no session of the member. @throws Error if not in time */
export const secondsUntilDenied = (member: Member): Promise<number> =>
  secondsUntil(async () => (await member.projects()) === undefined)

async function secondsUntil(condition: () => Promise<boolean>, atMost = 100): Promise<number> {
  const startedAt = performance.now()
  const seconds = () => (performance.now() - startedAt) / 1000
  while (!(await condition())) {
    if (seconds() > atMost) throw new Error(`the condition was not true within ${atMost} s`)
    await sleep(250)
  }
  return seconds()
}
