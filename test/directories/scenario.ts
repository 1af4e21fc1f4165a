import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium, type Page } from 'playwright-core'
import { seedProject } from '../../infra/demo/seed.ts'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { type Keycloak, startKeycloak } from '../../infra/parts/keycloak.ts'
import type { Directory } from '../../infra/parts/ldap-client.ts'
import { startMlflow } from '../../infra/parts/mlflow.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { CHROMIUM_FLAGS } from '../e2e/world.ts'
import { startGateway } from '../kit.ts'
import { startSeededCore } from './seeded-core.ts'
import type { Visitor } from './visitor.ts'

export const GAMMA = '33333333-3333-4333-8333-333333333333'
/** The only experiment of the project alpha. */
export const EXPERIMENT = 'alpha-price-model'

export interface ScenarioOptions {
  /** Name of a realm file in infra/keycloak/directories, without `-realm.json`. */
  readonly realm: string
  readonly directory: Pick<Directory, 'url' | 'bindDn' | 'bindPassword' | 'certificateFile'>
  /** The group of the project gamma. */
  readonly oddGroup: string
}

/** A Keycloak that federates a directory, the gateway, a real MLflow and the core API. */
export interface Scenario {
  /** Origin of the gateway. */
  readonly url: string
  readonly issuerUrl: string
  readonly keycloak: Keycloak
  close(): Promise<void>
}

export async function startScenario(options: ScenarioOptions): Promise<Scenario> {
  const folder = mkdtempSync(join(tmpdir(), 'directories-'))
  const port = await freePort()
  const url = `http://localhost:${port}`
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
    const keycloak = kept(await startKeycloak(keycloakOptions(url, options)))
    const mlflow = kept(await startMlflow({ dir: join(folder, 'mlflow') }))
    await seedProject(mlflow.url, { projectId: ALPHA, experiment: EXPERIMENT, learningRates: [0.1], wobble: 0.2 })
    const projects = projectsOf(options.oddGroup)
    const core = kept(await startSeededCore({ gatewayUrl: url, issuerUrl: keycloak.url, folder, projects }))
    kept(
      await startGateway({
        ...{ port, issuerUrl: keycloak.url, upstream: mlflow.url, host: 'localhost' },
        config: {
          issuer: { groups: { claim: 'groups', normalize: 'keycloak-path' } },
          projects: { source: 'static', list: projects },
        },
        routes: [
          { name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project' },
          { name: 'core', app: 'core', path: '/core', access: 'project', upstream: core.url },
        ],
      }),
    )
    return { url, issuerUrl: keycloak.url, keycloak, close }
  } catch (error) {
    await close()
    throw error
  }
}

const projectsOf = (oddGroup: string) => [
  { id: ALPHA, name: 'alpha', groups: ['project-alpha'] },
  { id: BETA, name: 'beta', groups: ['teams/alpha'] }, // the group alpha below the group teams
  { id: GAMMA, name: 'gamma', groups: [oddGroup] },
]

const keycloakOptions = (gatewayUrl: string, { realm, directory }: ScenarioOptions) => ({
  gatewayUrl,
  realms: [join('infra', 'keycloak', 'directories', `${realm}-realm.json`)],
  env: {
    ...{ GATEWAY_ORIGIN: gatewayUrl, GATEWAY_CLIENT_SECRET: 'gateway-secret' },
    ...{ LDAP_URL: directory.url, LDAP_BIND_DN: directory.bindDn, LDAP_BIND_PASSWORD: directory.bindPassword },
    KC_TRUSTSTORE_PATHS: directory.certificateFile,
    KC_SPI_GROUP__JPA__ESCAPE_SLASHES_IN_GROUP_PATH: 'true',
  },
})

/** Opens MLflow in Chromium, signs in at Keycloak's form, and hands over the page that follows. */
export async function signInWithBrowser(
  { url }: Pick<Scenario, 'url'>,
  username: string,
  use: (page: Page) => Promise<void>,
): Promise<void> {
  const browser = await chromium.launch({ executablePath: await ensureChromium(), args: CHROMIUM_FLAGS })
  try {
    const page = await browser.newPage()
    page.setDefaultTimeout(90_000)
    await page.goto(`${url}/mlflow/#/experiments`)
    await page.fill('input[name=username]', username)
    await page.fill('input[name=password]', `${username}-pw`)
    await page.press('input[name=password]', 'Enter')
    await use(page)
  } finally {
    await browser.close()
  }
}

/** Status of a request to the core API with a bearer token, in one project. */
export async function bearerCall({ url }: Pick<Scenario, 'url'>, token: string, project: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, 'AOA-Project-ID': project }
  const response = await fetch(`${url}/core/api/projects`, { headers })
  await response.arrayBuffer()
  return response.status
}

/** Seconds until the visitor is a member of exactly these projects. */
export const secondsUntilProjects = (visitor: Visitor, names: readonly string[]): Promise<number> =>
  secondsUntil(async () => (await visitor.projects())?.join() === names.join())

/** Seconds until the gateway has no session of the visitor. */
export const waitUntilDenied = (visitor: Visitor): Promise<number> =>
  secondsUntil(async () => (await visitor.projects()) === undefined)

/** Seconds until the condition is true, asked twice a second. @throws Error if it is not true in time */
export async function secondsUntil(condition: () => Promise<boolean>, atMost = 100): Promise<number> {
  const startedAt = performance.now()
  const seconds = () => (performance.now() - startedAt) / 1000
  while (!(await condition())) {
    if (seconds() > atMost) throw new Error(`the condition was not true within ${atMost} s`)
    await sleep(500)
  }
  return seconds()
}
