import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { type Authority, type Issued, makeAuthority } from '../authority.ts'
import { sessionsOf } from '../caddy/sessions.ts'
import { KIT_PROJECTS, KIT_SECRET } from '../kit.ts'
import { Served } from '../path/served.ts'
import { type Recorder, startRecorder } from '../recorder.ts'
import { type FakeIssuer, startFakeIssuer } from '../unit/gateway/signin/fake-issuer.ts'
import { type Mistake, startFront, startPlainRedirect } from './front.ts'

/** A gateway in a process of its own, an application that echoes requests, and two test accounts. */
export interface Deployment {
  readonly folder: string
  readonly port: number
  readonly httpPort: number
  readonly gateway: Served
  readonly upstream: Recorder
  readonly authority: Authority
  /** Of the front. */
  readonly certificate: Issued
  /** Options of selftest with everything that the deployment has. */
  readonly options: readonly string[]
  /** Options that name one kind of account. */
  readonly accounts: { readonly bearer: readonly string[]; readonly cookie: readonly string[] }
  /** Tokens and cookies, which no report may contain. */
  readonly secrets: readonly string[]
  readonly unreachable: number
  /** Puts a front with these mistakes before the gateway. */
  front(mistakes?: readonly Mistake[]): Promise<{ close(): void }>
  close(): Promise<void>
}

const routes = (upstream: string) => [
  { name: 'notes', app: 'generic', path: '/notes', access: 'project', upstream },
  { name: 'lobby', app: 'generic', path: '/lobby', access: 'login', upstream },
]

/** @param trustedProxies Addresses whose X-Forwarded headers count. The front of these tests writes none. */
export async function startDeployment(trustedProxies: readonly string[] = []): Promise<Deployment> {
  const folder = mkdtempSync(join(tmpdir(), 'modelops-selftest-'))
  const [issuer, upstream, authority] = [await startFakeIssuer(), await startRecorder(), makeAuthority(30)]
  const [port, httpPort, unreachable] = [await freePort(), await freePort(), await freePort()]
  const settings = {
    server: { publicUrl: `https://localhost:${port}`, trustedProxies },
    issuer: { url: issuer.url, clientId: 'gateway', clientSecret: issuer.secret, audiences: ['gateway'] },
    session: { secrets: [KIT_SECRET], store: `sqlite:${join(folder, 'sessions.db')}` },
    access: { adminGroup: 'modelops-admins' },
    projects: { source: 'static', list: KIT_PROJECTS },
    routes: routes(upstream.url),
  }
  const cookies = await sessionsOf(settings, issuer.url)
  const gateway = await Served.start(folder, issuer.url, settings)
  const certificate = authority.issue('localhost', 'DNS:localhost')
  const tls = { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) }
  const tokens = [await tokenOf(issuer, 'bob', 'project-alpha'), await tokenOf(issuer, 'carol', 'project-beta')]
  const secrets = [...tokens, cookies.bob ?? '', cookies.carol ?? '']
  const files = secrets.map((secret, index) => {
    const file = join(folder, `secret-${index}`)
    writeFileSync(file, `${secret}\n`)
    return file
  })
  const [first = '', second = '', firstCookie = '', secondCookie = ''] = files
  const projects = ['--project', ALPHA, '--second-project', BETA]
  const gatewayPort = Number(new URL(gateway.url).port)
  /** Those that a test has left open. */
  const fronts: (() => void)[] = []
  const adminPort = Number(new URL(gateway.adminUrl).port)
  const upstreamPort = Number(new URL(upstream.url).port)
  return {
    ...{ folder, port, httpPort, gateway, upstream, authority, certificate, secrets, unreachable },
    options: [
      ...['--url', `https://localhost:${port}`, '--i-own', 'localhost', '--ca', authority.cert],
      ...['--http-port', String(httpPort), '--echo-path', '/notes/echo', '--rate', '100'],
    ],
    accounts: {
      bearer: ['--token-file', first, '--second-token-file', second, ...projects],
      cookie: ['--cookie-file', firstCookie, '--second-cookie-file', secondCookie, ...projects],
    },
    async front(mistakes = []) {
      for (const close of fronts.splice(0)) close()
      const https = await startFront({ port, gatewayPort, upstreamPort, adminPort, tls, mistakes })
      const plain = await startPlainRedirect(httpPort, port)
      const close = () => {
        https.close()
        plain.close()
      }
      fronts.push(close)
      return { close }
    },
    async close() {
      for (const close of fronts.splice(0)) close()
      await gateway.stop()
      await Promise.all([issuer.close(), upstream.close()])
      authority.close()
      rmSync(folder, { recursive: true })
    },
  }
}

function tokenOf(issuer: FakeIssuer, sub: string, group: string): Promise<string> {
  const iat = Math.floor(Date.now() / 1000)
  const claims = { iss: issuer.url, aud: 'gateway', sub, typ: 'Bearer', iat, exp: iat + 3000, groups: [group] }
  return issuer.sign({ ...claims, preferred_username: sub })
}
