import { type FrontWorld, type Mistake, responseOf } from './front.ts'

/** A mistake that real deployments make, and every case that must find it. */
export interface Planted extends Mistake {
  readonly finds: readonly string[]
  /** Options that name what the mistake leaves open. */
  readonly options?: (world: FrontWorld) => readonly string[]
}

const lineOf = (request: string) => request.slice(0, request.indexOf('\r\n'))
const targetOf = (request: string) => lineOf(request).split(' ')[1] ?? ''
const has = (request: string, name: string) => new RegExp(`^${name}:`, 'im').test(request.split('\r\n\r\n', 1)[0] ?? '')
const without = (text: string, names: string) => text.replaceAll(new RegExp(`\\r\\n(?:${names}):[^\\r]*`, 'gi'), '')

/** What a server reads that decodes once, takes backslashes for slashes, and drops path parameters. */
function lenientPath(target: string): string {
  const decoded = target
    .split(/[?#]/, 1)[0]
    ?.replaceAll(/%([0-7][0-9a-f])/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)))
  const segments: string[] = []
  for (const segment of (decoded ?? '').replaceAll('\\', '/').split('/')) {
    const bare = segment.split(';', 1)[0] ?? ''
    if (bare === '..') segments.pop()
    else if (bare !== '.' && bare !== '') segments.push(bare)
  }
  return `/${segments.join('/')}/`
}

export const MISTAKES: readonly Planted[] = [
  {
    name: 'a proxy believes the identity header of a client',
    onRequest: (request, { upstreamPort }) => (has(request, 'X-Forwarded-User') ? { port: upstreamPort } : undefined),
    finds: [
      ...['identity-connection', 'identity-duplicate', 'identity-forwarded-user', 'identity-same-caller'],
      'identity-upstream-headers',
    ],
  },
  {
    name: 'an application is reachable without the gateway',
    options: ({ upstreamPort }) => ['--upstream', `localhost:${upstreamPort}`],
    finds: ['direct-upstream'],
  },
  {
    name: 'the admin listener is public',
    options: ({ adminPort }) => ['--admin', `localhost:${adminPort}`],
    finds: ['direct-admin'],
  },
  {
    name: 'a proxy removes Secure and HttpOnly from cookies',
    onResponseHead: (head) => head.replaceAll(/; (?:Secure|HttpOnly)/gi, ''),
    finds: ['cookies-http-only', 'cookies-prefix', 'cookies-secure'],
  },
  {
    name: 'the sign-in redirects to any address',
    onRequest(request) {
      const wanted = URL.parse(targetOf(request), 'https://localhost')?.searchParams.get('rd') ?? ''
      const isOpen = targetOf(request).startsWith('/auth/login?') && /^https?:\/\//.test(wanted)
      return isOpen ? { response: responseOf(302, [`Location: ${wanted}`, 'Cache-Control: no-store'], '') } : undefined
    },
    finds: ['redirects-sign-in', 'redirects-sign-in-page'],
  },
  {
    name: 'a proxy removes Origin and Sec-Fetch-Site',
    onRequest: (request) => ({ request: without(request, 'Origin|Sec-Fetch-Site') }),
    finds: ['csrf-application', 'csrf-origins', 'csrf-same-site', 'csrf-sign-out'],
  },
  {
    name: 'a proxy leaves paths below /healthz and /auth/ open, and an application reads them differently',
    onRequest(request, { upstreamPort }) {
      const isOpen = /^\/(?:healthz|auth\/signed-out)/.test(targetOf(request))
      return isOpen && lenientPath(targetOf(request)).startsWith('/notes/') ? { port: upstreamPort } : undefined
    },
    finds: [
      ...[
        'paths-backslash',
        'paths-backslash-signed-in',
        'paths-encoded-traversal',
        'paths-encoded-traversal-signed-in',
      ],
      ...['paths-parameters', 'paths-parameters-signed-in', 'paths-traversal'],
    ],
  },
  {
    name: 'a proxy keeps the first of two project headers',
    onRequest(request) {
      const [first = '', ...others] = request.split(/(?=\r\nAOA-Project-ID:)/i).slice(1)
      if (others.length === 0) return undefined
      const kept = request.replace(first, '\r\nX-Kept: first')
      return { request: without(kept, 'AOA-Project-ID').replace('\r\nX-Kept: first', first) }
    },
    finds: ['projects-two-headers'],
  },
  {
    name: 'a proxy reads bodies by Content-Length although they are chunked',
    onRequest: (request) =>
      has(request, 'Content-Length') && has(request, 'Transfer-Encoding')
        ? { request: without(request, 'Transfer-Encoding') }
        : undefined,
    finds: ['framing-chunked-and-length', 'framing-length-and-chunked'],
  },
  {
    name: 'a proxy removes the security headers',
    onResponseHead: (head) =>
      without(
        head,
        'Content-Security-Policy|X-Content-Type-Options|Referrer-Policy|Cross-Origin-Opener-Policy|Cache-Control|Strict-Transport-Security|X-Frame-Options',
      ),
    finds: [
      ...['headers-cache', 'headers-content-security-policy', 'headers-content-type', 'headers-frame-ancestors'],
      ...['headers-opener', 'headers-referrer', 'tls-hsts'],
    ],
  },
  {
    name: 'TLS 1.0 is on',
    tls: { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' },
    finds: ['tls-version-1-0', 'tls-version-1-1'],
  },
  {
    name: 'a proxy serves the metrics of the admin listener',
    onRequest: (request, { adminPort }) => (targetOf(request) === '/metrics' ? { port: adminPort } : undefined),
    finds: ['leaks-metrics'],
  },
  {
    name: 'a proxy decides by X-Original-URL',
    onRequest: (request, { upstreamPort }) =>
      /^X-(?:Original|Rewrite)-UR[LI]: \/(?:healthz|auth)/im.test(request) ? { port: upstreamPort } : undefined,
    finds: ['forward-auth-original-url'],
  },
  {
    name: 'a proxy builds addresses from X-Forwarded-Host',
    onRequest(request) {
      const host = /^X-Forwarded-Host: ([^\r]+)/im.exec(request)?.[1]
      if (host === undefined) return undefined
      return { response: responseOf(302, [`Location: https://${host}/auth/login`, 'Cache-Control: no-store'], '') }
    },
    finds: ['forward-auth-forwarded-host'],
  },
  {
    name: 'a proxy takes any session cookie for a session',
    onRequest: (request, { upstreamPort }) =>
      targetOf(request) === '/notes/' && has(request, 'Cookie') && !has(request, 'AOA-Project-ID')
        ? { port: upstreamPort }
        : undefined,
    finds: ['cookies-forged', 'cookies-malformed', 'cookies-other-name', 'cookies-tampered'],
  },
  {
    name: 'a server responds to TRACE',
    onRequest: (request) =>
      request.startsWith('TRACE ') ? { response: responseOf(200, ['Content-Type: message/http'], request) } : undefined,
    finds: ['leaks-trace'],
  },
  {
    name: 'a server shows stacks in errors',
    onRequest(request) {
      if (!targetOf(request).includes('%zz')) return undefined
      const stack =
        'URIError: URI malformed\n    at decodeURIComponent (<anonymous>)\n    at Layer.match (/app/index.js:1:2)'
      return { response: responseOf(500, ['Content-Type: text/plain'], stack) }
    },
    finds: ['leaks-errors'],
  },
]
