import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type Background, startBackground } from './background.ts'
import { ensureDebian } from './debian.ts'
import { checkout, partsDirectory } from './directories.ts'
import { withLock } from './lock.ts'
import { freePort } from './ports.ts'
import { PartMissing, type Progress, toStderr } from './progress.ts'
import { run } from './run.ts'

const VERSION = '26.7.3'
const NEEDED = [
  { command: 'java', debianPackage: 'default-jre-headless' },
  { command: 'mvn', debianPackage: 'maven' },
  { command: 'unzip', debianPackage: 'unzip' },
]

/** Downloads and prepares Keycloak once. Resolves to its directory. @throws PartMissing */
export async function ensureKeycloak(progress: Progress = toStderr): Promise<string> {
  await ensureDebian(NEEDED, progress)
  return await withLock('keycloak', progress, async () => {
    const parent = partsDirectory('keycloak')
    const home = join(parent, `keycloak-${VERSION}`)
    const stamp = join(parent, `prepared-${VERSION}`)
    if (existsSync(stamp)) return home
    for (const name of readdirSync(parent)) rmSync(join(parent, name), { recursive: true, force: true })
    await download(parent, progress)
    await prepare(home, progress)
    writeFileSync(stamp, '')
    return home
  })
}

async function download(parent: string, progress: Progress): Promise<void> {
  progress(`Keycloak ${VERSION}: downloading about 180 MB (once)`)
  const zip = join(parent, `keycloak-quarkus-dist-${VERSION}.zip`)
  await must('mvn', [
    ...['-q', '-B', 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy'],
    `-Dartifact=org.keycloak:keycloak-quarkus-dist:${VERSION}:zip`,
    `-DoutputDirectory=${parent}`,
  ])
  await must('unzip', ['-q', '-o', zip, '-d', parent])
  rmSync(zip)
}

/** Builds Keycloak for its database once. It then starts in half the time. */
async function prepare(home: string, progress: Progress): Promise<void> {
  progress('Keycloak: preparing (once)')
  for (const name of readdirSync(join(home, 'bin'))) {
    if (name.endsWith('.sh')) chmodSync(join(home, 'bin', name), 0o755)
  }
  await must(join(home, 'bin', 'kc.sh'), ['build', '--db=dev-mem'])
}

/**
 * The same Keycloak, built once more: it asks for client certificates and knows SPIFFE, which is a preview. Everything else
 * that a gateway without a secret needs is on by default. Resolves to its directory. @throws PartMissing
 */
export async function ensureKeycloakForWorkloads(progress: Progress = toStderr): Promise<string> {
  const installed = await ensureKeycloak(progress)
  return await withLock('keycloak-workloads', progress, async () => {
    const parent = partsDirectory('keycloak-workloads')
    const home = join(parent, `keycloak-${VERSION}`)
    const stamp = join(parent, `prepared-${VERSION}`)
    if (existsSync(stamp)) return home
    for (const name of readdirSync(parent)) rmSync(join(parent, name), { recursive: true, force: true })
    progress('Keycloak for workloads: preparing (once)')
    cpSync(installed, home, { recursive: true })
    await must(join(home, 'bin', 'kc.sh'), [
      'build',
      '--db=dev-mem',
      '--features=spiffe',
      '--https-client-auth=request',
    ])
    writeFileSync(stamp, '')
    return home
  })
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const { ok, tail } = await run(command, args)
  if (!ok) throw new PartMissing(`${command} failed. Keycloak needs Java 17, Maven and network access.\n${tail}`)
}

export interface KeycloakOptions {
  readonly port?: number
  /** Origin of the gateway, which receives back-channel logouts. */
  readonly gatewayUrl: string
  /** Realm files to import, named `NAME-realm.json`. Default: the realm `shared`. None: a Keycloak as after installation. */
  readonly realms?: readonly string[]
  /** Keycloak features that are not on by default. Starting takes half a minute longer with them. */
  readonly features?: readonly string[]
  /** Environment: values for `${NAME:default}` in the realm files, `JAVA_OPTS_APPEND`. */
  readonly env?: Record<string, string>
  readonly progress?: Progress
  /** Listens with TLS instead, asks for client certificates and knows SPIFFE. Paths of PEM files. */
  readonly https?: { readonly certificate: string; readonly key: string; readonly clientAuthorities: string }
}

/** The realm of the tests: its users, groups and clients. */
export const SHARED_REALM = join(checkout, 'infra', 'keycloak', 'shared-realm.json')

export interface Keycloak extends Background {
  /** Issuer of the first imported realm, or of Keycloak's own realm `master`. */
  readonly url: string
  /** Base URL of the realm's admin REST API. The administrator is `admin` / `admin`. */
  readonly adminUrl: string
  readonly origin: string
  /** Folder with Keycloak's own command line, `kcadm.sh`. */
  readonly bin: string
}

const ADMIN = { KC_BOOTSTRAP_ADMIN_USERNAME: 'admin', KC_BOOTSTRAP_ADMIN_PASSWORD: 'admin' }

/** A Java program that runs for a minute spends more time in its second compiler than that saves. */
export const SHORT_LIVED = '-XX:TieredStopAtLevel=1'

/** Options of the hook that starts it: a busy machine takes minutes. */
export const KEYCLOAK_STARTS = { timeout: 300_000 }

/** Starts a real Keycloak on loopback with its realms in memory, so every start has the same new realms. */
export async function startKeycloak(options: KeycloakOptions): Promise<Keycloak> {
  const { gatewayUrl, realms = [SHARED_REALM], progress = toStderr, https } = options
  const installed = await (https ? ensureKeycloakForWorkloads : ensureKeycloak)(progress)
  const port = options.port ?? (await freePort())
  const home = await mkdtemp(join(tmpdir(), 'keycloak-'))
  cpSync(installed, home, { recursive: true })
  mkdirSync(join(home, 'data', 'import'), { recursive: true })
  // Keycloak requires the realm's name in the file name.
  for (const realm of realms) cpSync(realm, join(home, 'data', 'import', basename(realm)))
  const scheme = https ? 'https' : 'http'
  const origin = `${scheme}://localhost:${port}`
  progress('Keycloak: starting (about half a minute)')
  const background = await startBackground({
    name: 'Keycloak',
    command: join(home, 'bin', 'kc.sh'),
    args: startArguments(options, origin, port, await freePort()),
    env: {
      ...ADMIN,
      JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx512m',
      GATEWAY_BACKCHANNEL_LOGOUT_URL: `${gatewayUrl}/auth/backchannel-logout`,
      ...options.env,
      JAVA_OPTS_APPEND: [SHORT_LIVED, options.env?.JAVA_OPTS_APPEND ?? ''].join(' '),
    },
    logFile: join(home, 'keycloak.log'),
    readyUrl: `${scheme}://localhost:${port}/realms/${firstRealm(realms)}/.well-known/openid-configuration`,
    readySeconds: 270,
  })
  const close = async () => {
    await background.close()
    rmSync(home, { recursive: true, force: true })
  }
  const realm = firstRealm(realms)
  const bin = join(home, 'bin')
  return {
    ...background,
    close,
    origin,
    bin,
    url: `${origin}/realms/${realm}`,
    adminUrl: `${origin}/admin/realms/${realm}`,
  }
}

const firstRealm = ([file]: readonly string[]) => (file === undefined ? 'master' : basename(file, '-realm.json'))

function startArguments({ https, features = [] }: KeycloakOptions, origin: string, port: number, management: number) {
  const listen = https
    ? [
        ...['--http-enabled=false', `--https-port=${port}`, `--truststore-paths=${https.clientAuthorities}`],
        ...[`--https-certificate-file=${https.certificate}`, `--https-certificate-key-file=${https.key}`],
      ]
    : ['--http-enabled=true', `--http-port=${port}`]
  return [
    ...(features.length === 0
      ? ['start', '--optimized']
      : ['start', '--db=dev-mem', `--features=${features.join(',')}`]),
    ...['--import-realm', '--cache=local', '--http-host=127.0.0.1', ...listen],
    ...[`--http-management-port=${management}`, `--hostname=${origin}`],
  ]
}
