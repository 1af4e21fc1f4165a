import { Refusal } from '../../../src/gateway/errors.ts'
import { requestHead, streamedBody } from '../../../src/gateway/forward/forwarder.ts'
import { buildUpstreamRequest } from '../../../src/gateway/forward/upstream-request.ts'
import { buildClientAddress } from '../../../src/gateway/http/client-address.ts'
import { readRequestHead } from '../../../src/gateway/http/request-head.ts'
import { checkSyntax } from '../../../src/gateway/http/syntax.ts'
import { parseTarget } from '../../../src/gateway/http/target.ts'
import { ListedProjects } from '../../../src/gateway/policy/listed-projects.ts'
import { fixedSource } from '../../../src/gateway/projects/source.ts'
import { readBelowRoute } from '../../../src/gateway/routing/below-route.ts'
import { openContext } from '../../../src/gateway/routing/request-context.ts'
import { canonicalHost } from '../../../src/gateway/routing/routes.ts'
import { type Comparison, type FuzzTarget, must } from '../engine/target.ts'
import { foldHeader, namesProject } from '../parts/fold.ts'
import { comparisonsOf, type Forwarded } from '../parts/forwarded.ts'
import { config, HOST, principal, project, routes } from '../parts/gateway.ts'
import { receive } from '../parts/received.ts'

const ASSERTION = 'header.claims.signature'
/** What only the gateway may say, with what it says, by folded name. */
const WRITTEN: Readonly<Record<string, readonly string[]>> = {
  'aoa-project-id': [project.id],
  'vmo-project-id': [],
  'x-forwarded-user': ['bob'],
  'x-forwarded-email': ['bob@o.example'],
  'x-forwarded-groups': ['project-alpha,a%2Cb'],
  'x-forwarded-for': ['127.0.0.1'],
  'x-forwarded-proto': ['https'],
  'x-gateway-assertion': [ASSERTION],
  'x-request-id': ['the-id'],
  ...Object.fromEntries(
    [
      'remote-user',
      'x-remote-user',
      'proxy',
      'forwarded',
      'connection',
      'keep-alive',
      'te',
      'trailer',
      'upgrade',
      'proxy-connection',
      'proxy-authorization',
      'dpop',
      'client-cert',
      'x-auth-request-user',
      'x-original-url',
    ].map((name) => [name, []]),
  ),
}

const fails = () => Promise.reject(new Error('no request of these targets asks for it'))
const build = buildUpstreamRequest({
  config,
  clock: () => 0,
  projects: fixedSource(new ListedProjects([project])),
  signer: { peek: () => ASSERTION, sign: fails, jwks: { keys: [] } },
  exchangedTokens: { tokenFor: fails },
  reauthorize: fails,
})
const { address } = buildClientAddress([])

/** What the gateway forwards for a client's bytes, with every step but the decision; undefined: it denies them. */
async function forward(input: Buffer): Promise<Forwarded | undefined> {
  const received = await receive(input)
  if (received === undefined) return undefined
  const { request, body } = received
  try {
    const head = { ...readRequestHead(request, address), requestId: 'the-id' }
    checkSyntax(head, config.limits)
    const target = parseTarget(head.target)
    const host = canonicalHost(head.host, '443')
    const route = host === HOST ? routes.match(host, target.path) : undefined
    if (host === undefined || route === undefined || !route.methods.has(head.method)) return undefined
    const below = readBelowRoute(head, target, route)
    const context = Object.assign(openContext(head), { host, target, route })
    const admission = {
      request: below.app,
      principal,
      role: 'editor' as const,
      project,
      projects: () => [],
      requestId: 'the-id',
    }
    const upstream = await build({ context, route, below, admission })
    const streamed = streamedBody(context, request, upstream.headers)
    const framed = streamed?.chunked ? inChunks(body) : body.toString('latin1')
    const bytes = requestHead(upstream) + (streamed === undefined ? '' : framed)
    return { bytes, upstream, below, body: streamed === undefined ? 0 : body.length }
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}

const inChunks = (body: Buffer) =>
  `${body.length === 0 ? '' : `${body.length.toString(16)}\r\n${body.toString('latin1')}\r\n`}0\r\n\r\n`

const lines = (...each: string[]) => `${[...each, `Host: ${HOST}`].join('\r\n')}\r\n\r\n`

export const target: FuzzTarget = {
  seeds: [
    lines('GET /notes/a?b=c HTTP/1.1', 'X-A: b'),
    lines(
      'GET /mlflow/api/2.0/mlflow/runs/get?run_id=1 HTTP/1.1',
      'Accept-Encoding: gzip',
      'Cookie: a=b; __Host-modelops_gateway=x',
    ),
    `${lines('POST /notes/a HTTP/1.1', 'Content-Type: text/plain', 'Content-Length: 0003')}abc`,
    `${lines('POST /notes/a HTTP/1.1', 'Transfer-Encoding: chunked', 'Trailer: x')}3;x=y\r\nabc\r\n0\r\nX-T: 1\r\n\r\n`,
    lines(
      'PUT /api/x HTTP/1.1',
      'X_Forwarded_User: evil',
      'X-Forwarded-Groups: modelops-admins',
      'Connection: AOA-Project-ID, X-A',
      'X-A: 1',
    ),
    `GET https://${HOST}/airflow/a HTTP/1.1\r\nHost: b\r\nAuthorization: Basic YTpi\r\nIf-None-Match: "x"\r\n\r\n`,
    lines('DELETE /notes/a HTTP/1.0', 'Connection: keep-alive', 'TE: trailers', 'Upgrade: h2c', 'Content-Length: 0'),
  ],
  dictionary: [
    '\r\n',
    '\r\nX-A: ',
    '\r\n ',
    ': ',
    'Content-Length: ',
    'Transfer-Encoding: chunked',
    'Connection: ',
    'X-Forwarded-User',
    'AOA-Project-ID',
    'HTTP/1.0',
    'HTTP/1.1',
    'Host: ',
    'GET ',
    'POST ',
    'X_',
    '\x0b',
    '\x85',
    'Content_Length: 5',
    'Expect: 100-continue',
  ],
  invariants: [
    'headers of the gateway are there with its values alone, in whatever way names are folded',
    'no header of one hop, one Host, one framing',
    'no line end, NUL or other control character in a name or value',
    'every other parser reads one request with this method, path, fields and body, and nothing after it',
  ],
  async check(input) {
    const forwarded = await forward(input)
    if (forwarded === undefined) return false
    const { headers } = forwarded.upstream
    const found = new Map<string, string[]>()
    for (let i = 0; i < headers.length; i += 2) {
      const [name, value] = [headers[i] as string, headers[i + 1] as string]
      must(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name), 'a name is a token', () => name)
      must(!/[\0-\x08\x0a-\x1f\x7f]/.test(value), 'no control character in a value', () => JSON.stringify(value))
      const folded = foldHeader(name)
      found.set(folded, [...(found.get(folded) ?? []), value])
    }
    const valuesOf = (name: string) => found.get(name) ?? []
    for (const [name, values] of Object.entries(WRITTEN))
      must(
        valuesOf(name).join('\n') === values.join('\n'),
        'headers of the gateway have its values',
        () => `${name}: ${valuesOf(name).join(' | ')}`,
      )
    for (const name of found.keys())
      must(
        Object.hasOwn(WRITTEN, name) || !/^(?:x-forwarded-(?!host$|proto$)|x-gateway-|aoa-)/.test(name),
        'no other header of these families',
        () => name,
      )
    must(valuesOf('host').length === 1, 'one Host')
    must(valuesOf('content-length').length + valuesOf('transfer-encoding').length <= 1, 'one framing')
    for (const value of valuesOf('content-length')) must(String(Number(value)) === value, 'a plain length', () => value)
    const query = forwarded.upstream.path.split('?')[1] ?? ''
    if (forwarded.below.named.kind !== 'malformed')
      for (const [name] of new URLSearchParams(query))
        must(!namesProject(name), 'the query names no project', () => name)
    return true
  },
  async compare(input): Promise<Comparison[]> {
    const forwarded = await forward(input)
    return forwarded === undefined ? [] : comparisonsOf(forwarded, WRITTEN)
  },
}
