import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { type Logger, pino } from 'pino'
import supertest from 'supertest'
import { buildCore } from '../../src/core-api/app.ts'
import { type CoreConfig, parseCoreConfig } from '../../src/core-api/config.ts'
import type { CoreDeps } from '../../src/core-api/deps.ts'
import { buildDeps } from '../../src/core-api/service.ts'
import { openStorage, type Storage } from '../../src/core-api/store/open.ts'

export const GATEWAY = 'https://o.example'
export const ISSUER = 'https://sso.example/realms/shared'
export const TOKEN = 'an-encryption-token-for-tests'
export const ALPHA = '11111111-1111-4111-8111-111111111111'
export const BETA = '22222222-2222-4222-8222-222222222222'
export const UNKNOWN = '99999999-9999-4999-8999-999999999999'

/** Signing keys for both the gateway and the issuer, with their JWKS on a free port. */
export async function startSigner() {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const stranger = await generateKeyPair('ES256')
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }] })
  let fetched = 0
  const server = createServer((_request, response) => {
    fetched += 1
    response.setHeader('content-type', 'application/json').end(jwks)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const sign = (claims: Record<string, unknown>, by: 'us' | 'stranger' = 'us', header: Record<string, string> = {}) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'JWT', ...header })
      .sign(by === 'us' ? privateKey : stranger.privateKey)
  return {
    jwksUrl: `http://127.0.0.1:${port}/jwks.json`,
    sign,
    fetched: () => fetched,
    close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  }
}

export type Signer = Awaited<ReturnType<typeof startSigner>>

export interface Person {
  readonly sub: string
  readonly groups: readonly string[]
  readonly role?: string
  readonly client_id?: string
}

export const ALICE: Person = { sub: 'sub-alice', groups: ['project-alpha'] }
export const BOB: Person = { sub: 'sub-bob', groups: ['project-alpha', 'project-beta'] }
export const VERA: Person = { sub: 'sub-vera', groups: ['alpha-viewers'] }
export const DAVE: Person = { sub: 'sub-dave', groups: [] }
export const ADMIN: Person = { sub: 'sub-carol', groups: ['modelops-admins'] }
export const SERVICE: Person = { sub: 'ci', groups: [], client_id: 'ci' }

export interface CoreUnderTest {
  readonly deps: CoreDeps
  readonly storage: Storage
  /** Everything that was logged, as text. */
  readonly logged: () => string
  /** A request with a bearer token of this person. */
  as(person: Person): ReturnType<typeof supertest.agent>
  readonly anonymous: ReturnType<typeof supertest.agent>
  bearer(person: Person, claims?: Record<string, unknown>): Promise<string>
  assertion(person: Person, projectId?: string, claims?: Record<string, unknown>): Promise<string>
  close(): Promise<void>
}

export function coreConfig(signer: Pick<Signer, 'jwksUrl'>, storageUrl: string, more = ''): CoreConfig {
  return parseCoreConfig(
    `
gateway: { publicUrl: "${GATEWAY}", jwksUrl: "${signer.jwksUrl}" }
issuer: { url: "${ISSUER}", jwksUrl: "${signer.jwksUrl}", audiences: [modelops] }
${more.includes('access:') ? '' : 'access: { adminGroup: modelops-admins, directoryReaders: [ci], jobUsers: [ci], adminClients: [ci] }'}
${more.includes('jobs:') ? '' : 'jobs: { userIs: username }'}
storage: { url: "${storageUrl}", timeoutSeconds: 3 }
encryption: { token: ${TOKEN} }
${more.includes('log:') ? '' : 'log: { requests: all }'}
${more}`,
    'core.yaml',
  )
}

/** The core API with two projects, on an empty storage. */
export async function startCoreUnderTest(signer: Signer, storageUrl: string, more = ''): Promise<CoreUnderTest> {
  const lines: string[] = []
  const log: Logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  const config = coreConfig(signer, storageUrl, more)
  const storage = await openStorage(config.storage, log)
  const deps = await buildDeps({ config, log, clock: () => Date.now(), storage })
  await seed(deps)
  // One server for all requests: supertest would open and close one for each.
  const server = createServer(buildCore(deps))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  const seconds = () => Math.floor(Date.now() / 1000)
  const bearer: CoreUnderTest['bearer'] = (person, claims = {}) =>
    signer.sign({
      ...{ iss: ISSUER, aud: 'modelops', typ: 'Bearer', iat: seconds(), exp: seconds() + 300 },
      ...{ preferred_username: person.sub.replace('sub-', ''), ...person, role: undefined },
      ...claims,
    })
  const assertion: CoreUnderTest['assertion'] = (person, projectId, claims = {}) =>
    signer.sign({
      ...{ iss: GATEWAY, aud: 'core', iat: seconds(), nbf: seconds(), exp: seconds() + 60, jti: crypto.randomUUID() },
      ...{ preferred_username: person.sub.replace('sub-', ''), role: 'editor', ...person },
      ...(projectId === undefined ? {} : { project_id: projectId }),
      ...claims,
    })
  const tokens = new Map<Person, string>()
  for (const person of [ALICE, BOB, VERA, DAVE, ADMIN, SERVICE]) tokens.set(person, await bearer(person))
  return {
    deps,
    storage,
    logged: () => lines.join(''),
    as: (person) => supertest.agent(server).set('Authorization', `Bearer ${tokens.get(person)}`),
    anonymous: supertest.agent(server),
    bearer,
    assertion,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await storage.close()
    },
  }
}

async function seed({ projects }: CoreDeps): Promise<void> {
  const rest = { description: '', gitRepositoryUrl: '', branch: '', archived: false }
  await projects.create(ALPHA, { ...rest, name: 'alpha', groups: ['project-alpha'], viewerGroups: ['alpha-viewers'] })
  await projects.create(BETA, { ...rest, name: 'beta', groups: ['project-beta'], viewerGroups: [] })
}

export const newConnection = (name: string, more: Record<string, unknown> = {}) => ({
  name,
  description: 'a connection',
  metadata: { host: 'vantage.example', log_mech: 'TD2', database: 'db', valDb: 'VAL', byomDb: 'MLDB' },
  credentials: { username: 'td-user', password: 'td-password', credsEncrypted: false },
  personal: false,
  ...more,
})
