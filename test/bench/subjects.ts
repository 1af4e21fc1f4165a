import { mkdirSync, mkdtempSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { ALPHA } from '../../infra/issuer/users.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { Browser } from '../browser.ts'
import { signIn } from '../kit.ts'
import { LOAD_CORE, Pinned, SUBJECT_CORE } from './process.ts'

/** Something that stands between load and upstream. */
export interface Subject {
  readonly name: string
  readonly url: string
  readonly headers: Record<string, string>
  /** How the name of its session cookie begins. */
  readonly cookieName: string
  readonly process: Pinned
  /** A second process that works for the same answer. */
  readonly asked?: Pinned
}

export const directory = mkdtempSync(join(tmpdir(), 'bench-subjects-'))
const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  .map((one) => `${one}_temp_path ${directory}/${one};`)
  .join(' ')

async function startNginx(
  core: string,
  name: string,
  http: (port: number) => string,
): Promise<{ url: string; process: Pinned }> {
  const port = await freePort()
  const file = join(directory, `${name}.conf`)
  writeFileSync(
    file,
    `worker_processes 1; daemon off; pid ${directory}/${name}.pid; error_log stderr; worker_rlimit_nofile 8192; user root;
    events { worker_connections 4096; }
    http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 300s; client_max_body_size 0;
      ${temporary} ${http(port)} }`,
  )
  const process = new Pinned(core, 'nginx', ['-c', file, '-p', directory])
  const url = `http://127.0.0.1:${port}`
  await process.answers(url)
  return { url, process }
}

export interface Upstream {
  readonly url: string
  readonly process: Pinned
  /** Takes the uploads. */
  readonly sink: Pinned
  /** A file of 1 GiB. */
  readonly bigFile: string
}

/** Files of 1 KB, 100 KB and 1 GiB, served from memory; uploads are read and thrown away. */
export async function startUpstream(): Promise<Upstream> {
  const files = join(directory, 'files')
  mkdirSync(files)
  writeFileSync(join(files, '1k'), 'x'.repeat(1024))
  writeFileSync(join(files, '100k'), 'x'.repeat(102_400))
  const bigFile = join(files, '1g')
  writeFileSync(bigFile, '')
  truncateSync(bigFile, 1_073_741_824)
  const socket = join(directory, 'sink.sock')
  const sink = new Pinned(LOAD_CORE, process.execPath, [join(import.meta.dirname, 'sink.ts'), socket])
  const started = await startNginx(
    LOAD_CORE,
    'upstream',
    (
      port,
    ) => `open_file_cache max=10; large_client_header_buffers 8 32k; server { listen 127.0.0.1:${port} backlog=1024; root ${files};
      location / { } location /up { proxy_request_buffering off; proxy_http_version 1.1; proxy_pass http://unix:${socket}:/; } }`,
  )
  return { ...started, sink, bigFile }
}

const backend = (url: string) =>
  `upstream behind { server ${new URL(url).host}; keepalive 64; keepalive_requests 1000000000; }`
const PASS =
  'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off; proxy_pass http://behind;'

export async function plainNginx(upstream: string): Promise<Subject> {
  const started = await startNginx(
    SUBJECT_CORE,
    'nginx',
    (port) => `${backend(upstream)} server { listen 127.0.0.1:${port} backlog=1024; location / { ${PASS} } }`,
  )
  return { name: 'nginx proxy_pass', headers: {}, cookieName: '', ...started }
}

async function startCaddy(name: string, site: (port: number) => string): Promise<{ url: string; process: Pinned }> {
  const port = await freePort()
  const file = join(directory, `${name}.Caddyfile`)
  writeFileSync(file, `{\n admin off\n auto_https off\n}\n${site(port)}\n`)
  const process = new Pinned(SUBJECT_CORE, 'caddy', ['run', '--config', file, '--adapter', 'caddyfile'], {
    GOMAXPROCS: '1',
    HOME: directory,
  })
  const url = `http://127.0.0.1:${port}`
  await process.answers(url)
  return { url, process }
}

export async function plainCaddy(upstream: string): Promise<Subject> {
  const started = await startCaddy('caddy', (port) => `http://127.0.0.1:${port} {\n reverse_proxy ${upstream}\n}`)
  return { name: 'Caddy reverse_proxy', headers: {}, cookieName: '', ...started }
}

export const startBenchIssuer = (): Promise<EmbeddedIssuer> =>
  startIssuer({ accessTokenSeconds: 86_400, refreshTokenSeconds: 86_400 })

/** oauth2-proxy with its cookie store and a real login. Its prefix is `/auth`, so that the issuer's client fits both. */
export async function oauth2Proxy(binary: string, issuer: EmbeddedIssuer, upstream: string): Promise<Subject> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const options = {
    'http-address': `127.0.0.1:${port}`,
    'proxy-prefix': '/auth',
    provider: 'oidc',
    'oidc-issuer-url': issuer.url,
    'client-id': 'gateway',
    'client-secret': 'gateway-secret',
    'redirect-url': `${url}/auth/callback`,
    'oidc-email-claim': 'sub',
    'oidc-extra-audience': 'gateway',
    'skip-jwt-bearer-tokens': 'true',
    'insecure-oidc-allow-unverified-email': 'true',
    'email-domain': '*',
    'cookie-secret': '0123456789abcdef0123456789abcdef',
    'cookie-secure': 'false',
    'cookie-name': '_o2p',
    'code-challenge-method': 'S256',
    'skip-provider-button': 'true',
    'request-logging': 'false',
    'auth-logging': 'false',
    'standard-logging': 'false',
    'pass-user-headers': 'true',
    'set-xauthrequest': 'true',
    upstream,
  }
  const process = new Pinned(
    SUBJECT_CORE,
    binary,
    Object.entries(options).map(([name, value]) => `--${name}=${value}`),
    { GOMAXPROCS: '1' },
  )
  await process.answers(`${url}/ping`)
  const cookieName = '_o2p'
  return {
    name: 'oauth2-proxy (cookie store)',
    url,
    process,
    cookieName,
    headers: { Cookie: await logIn(url, cookieName) },
  }
}

/** Signs bob in, as a browser does, and returns the cookies whose name begins so. */
export async function logIn(url: string, name: string): Promise<string> {
  const browser = new Browser()
  const page = await signIn(browser, `${url}/1k`, 'bob')
  if (page.status !== 200) throw new Error(`signing in at ${url} ended with ${page.status} at ${page.url}`)
  const cookies = browser.cookieHeader(new URL(url)).split('; ')
  return cookies.filter((cookie) => cookie.startsWith(name)).join('; ')
}

export interface GatewayVariant {
  readonly name?: string
  readonly store?: string
  readonly workers?: number
  readonly projects?: number
  /** Laid over `server`. */
  readonly server?: Record<string, unknown>
  /** More sections of the configuration. */
  readonly sections?: Readonly<Record<string, Record<string, unknown>>>
  readonly core?: string
  readonly nodeOptions?: readonly string[]
  /** The checkout to run, by default this one. */
  readonly checkout?: string
  /** Default: a real login. */
  readonly headers?: Record<string, string>
}

export const SECRET = 'k3Zr9vQ1xW7tY5uB2nM8aS4dF6gH0jL!'

/** The configuration of a gateway in front of `upstream`: one project route at `/`. */
export function gatewayConfig(
  issuerUrl: string,
  upstream: string,
  port: number,
  { store = 'memory', workers = 1, projects = 2, server = {}, sections = {} }: GatewayVariant,
) {
  const others = Array.from({ length: projects - 1 }, (_, i) => ({
    id: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
    name: `p${i}`,
    groups: [`group-${i}`],
  }))
  return {
    server: { listen: `127.0.0.1:${port}`, publicUrl: `http://127.0.0.1:${port}`, workers, drainSeconds: 0, ...server },
    issuer: { url: issuerUrl, clientId: 'gateway', clientSecret: 'gateway-secret', audiences: ['gateway'] },
    session: { secrets: [SECRET], store, idleSeconds: 86_400, absoluteSeconds: 864_000 },
    access: { adminGroup: 'modelops-admins' },
    projects: { source: 'static', list: [{ id: ALPHA, name: 'alpha', groups: ['project-alpha'] }, ...others] },
    routes: [{ name: 'files', app: 'generic', path: '/', upstream, access: 'project' }],
    ...sections,
  }
}

export async function gateway(
  issuer: EmbeddedIssuer,
  upstream: string,
  variant: GatewayVariant = {},
): Promise<Subject> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const file = join(directory, `gateway-${port}.json`)
  writeFileSync(file, JSON.stringify(gatewayConfig(issuer.url, upstream, port, variant)))
  const { core = SUBJECT_CORE, nodeOptions = [] } = variant
  const process_ = new Pinned(
    core,
    process.execPath,
    [...nodeOptions, '--disable-warning=ExperimentalWarning', 'src/cli/main.ts', 'serve', '--config', file],
    { NODE_ENV: 'production' },
    variant.checkout,
  )
  await process_.answers(`${url}/readyz`)
  const cookieName = 'modelops_gateway='
  const headers = variant.headers ?? { Cookie: await logIn(url, cookieName) }
  return { name: variant.name ?? 'modelops-gateway', url, process: process_, headers, cookieName }
}

/** nginx or Caddy that asks `subject` before it forwards by itself. */
export async function nginxAsking(
  { name, url, headers, cookieName, process: asked }: Subject,
  path: string,
  upstream: string,
): Promise<Subject> {
  const host = new URL(url).host
  const started = await startNginx(
    SUBJECT_CORE,
    `nginx-${path.length}`,
    (port) => `${backend(upstream)} upstream asked { server ${host}; keepalive 64; keepalive_requests 1000000000; }
      server { listen 127.0.0.1:${port} backlog=1024;
        location = /verify { internal; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://asked${path};
          proxy_pass_request_body off; proxy_set_header Content-Length ""; proxy_set_header X-Forwarded-Host ${host};
          proxy_set_header X-Forwarded-Method $request_method; proxy_set_header X-Forwarded-Uri $request_uri; }
        location / { auth_request /verify; ${PASS} } }`,
  )
  return { name: `nginx asking ${name}`, headers, cookieName, asked, ...started }
}

export async function caddyAsking(
  { name, url, headers, cookieName, process: asked }: Subject,
  path: string,
  upstream: string,
): Promise<Subject> {
  const host = new URL(url).host
  const started = await startCaddy(
    `caddy-${path.length}`,
    (port) =>
      `http://127.0.0.1:${port} {\n forward_auth ${url} {\n  uri ${path}\n  header_up X-Forwarded-Host ${host}\n }\n reverse_proxy ${upstream}\n}`,
  )
  return { name: `Caddy asking ${name}`, headers, cookieName, asked, ...started }
}
