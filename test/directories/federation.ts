import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium } from 'playwright-core'
import { seedProject } from '../../infra/demo/seed.ts'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { type Keycloak, startKeycloak } from '../../infra/parts/keycloak.ts'
import { startMlflow } from '../../infra/parts/mlflow.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { CHROMIUM_FLAGS } from '../e2e/world.ts'
import { KeycloakAdmin } from '../keycloak/admin.ts'
import { type MovedClock, startGateway } from '../kit.ts'

/** Has a space, an umlaut, an ampersand and a slash: its members are members of the project gamma. */
export const ODD_GROUP = 'Küche & Süd/Nord'
export const GAMMA = '33333333-3333-4333-8333-333333333333'
export const EXPERIMENTS = { alpha: 'alpha-price-model', beta: 'beta-demand-model', gamma: 'gamma-kitchen-model' }

export interface FederationOptions {
  /** Realm files in infra/keycloak/directories, without `-realm.json`. The gateway signs in at the first one. */
  readonly realms: readonly string[]
  /** Environment of Keycloak, for the realm files. */
  readonly env?: Record<string, string>
  /** Merged into the section `issuer` of the gateway. */
  readonly issuer?: Record<string, unknown>
}

/** A real Keycloak with the realms of the guides, the gateway and a real MLflow, with Chromium. */
export interface Federation {
  readonly keycloak: Keycloak
  /** Issuer that the gateway uses. */
  readonly issuerUrl: string
  /** Origin of the gateway. */
  readonly url: string
  /** Lets the access tokens of the gateway's sessions expire: the next request of each session refreshes them. */
  expireTokens(): void
  /** The gateway's log, oldest line first. */
  readonly logged: Record<string, unknown>[]
  /** An administrator of one realm, signed in now: the token lives for a minute. */
  admin(realm: string): Promise<KeycloakAdmin>
  /**
   * A browser with a profile of its own and the Kerberos tickets that the environment names. It is not a private window:
   * Chromium presents no ticket in those.
   */
  browser(env?: Record<string, string>): Promise<BrowserContext>
  close(): Promise<void>
}

export async function startFederation(options: FederationOptions): Promise<Federation> {
  const folder = mkdtempSync(join(tmpdir(), 'federation-'))
  const [port, keycloakPort] = [await freePort(), await freePort()]
  const url = `http://localhost:${port}`
  const origin = `http://localhost:${keycloakPort}`
  const closing: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const each of closing.reverse()) await each()
    rmSync(folder, { recursive: true, force: true })
  }
  const kept = <T extends { close(): Promise<unknown> }>(part: T): T => {
    closing.push(() => part.close())
    return part
  }
  try {
    const keycloak = kept(
      await startKeycloak({
        ...{ port: keycloakPort, gatewayUrl: url, realms: options.realms.map(realmFile) },
        env: {
          ...{ KEYCLOAK_ORIGIN: origin, GATEWAY_ORIGIN: url, GATEWAY_CLIENT_SECRET: 'gateway-secret' },
          ...options.env,
        },
      }),
    )
    const adminOf = async (realm: string) => {
      const admin = new KeycloakAdmin({ ...keycloak, adminUrl: `${origin}/admin/realms/${realm}` })
      await admin.signIn()
      return admin
    }
    const [signsIn = ''] = options.realms
    await (await adminOf(signsIn)).setClient('gateway', { 'access.token.lifespan': String(TOKEN_SECONDS) })
    const mlflow = kept(await startMlflow({ dir: join(folder, 'mlflow') }))
    for (const [projectId, experiment] of [
      [ALPHA, EXPERIMENTS.alpha],
      [BETA, EXPERIMENTS.beta],
      [GAMMA, EXPERIMENTS.gamma],
    ] as const)
      await seedProject(mlflow.url, { projectId, experiment, learningRates: [0.1], wobble: 0.2 })
    const clock: MovedClock = { ahead: 0 }
    const logged: Record<string, unknown>[] = []
    kept(
      await startGateway({
        ...{ port, issuerUrl: keycloak.url, upstream: mlflow.url, host: 'localhost', clock, logged },
        config: {
          issuer: {
            ...{ clientSecret: 'gateway-secret', groups: { claim: 'groups', normalize: 'keycloak-path' } },
            ...options.issuer,
          },
          session: { refreshBeforeSeconds: 0 },
          projects: { source: 'static', list: PROJECTS },
        },
        routes: [{ name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project' }],
      }),
    )
    const executablePath = await ensureChromium()
    return {
      ...{ keycloak, issuerUrl: keycloak.url, url, logged, close },
      expireTokens: () => {
        clock.ahead += TOKEN_SECONDS * 1000
      },
      admin: adminOf,
      browser: async (env = {}) => {
        const profile = mkdtempSync(join(folder, 'profile-'))
        writeFileSync(join(profile, 'Local State'), KNOWS_NEGOTIATE)
        const args = [...CHROMIUM_FLAGS, NEGOTIATE]
        return kept(
          await chromium.launchPersistentContext(profile, { executablePath, args, env: { ...process.env, ...env } }),
        )
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * On Linux, Chromium loads the Kerberos library only in profiles that have met a challenge before: in a new profile, the
 * first page that asks for a ticket gets none.
 */
const KNOWS_NEGOTIATE = JSON.stringify({ net: { received_http_auth_negotiate_headers: true } })

/** Lifetime of the gateway's access tokens: short, because a clock that moves far makes the issuer's tokens invalid. */
const TOKEN_SECONDS = 5

/** The host to which the browser may present a Kerberos ticket. */
const NEGOTIATE = '--auth-server-allowlist=localhost'

const realmFile = (name: string) => join('infra', 'keycloak', 'directories', `${name}-realm.json`)

const PROJECTS = [
  { id: ALPHA, name: 'alpha', groups: ['project-alpha'] },
  { id: BETA, name: 'beta', groups: ['project-beta'] },
  { id: GAMMA, name: 'gamma', groups: [ODD_GROUP] },
]
