import { parseTarget } from '../../../src/gateway/http/target.ts'
import { readBelowRoute } from '../../../src/gateway/routing/below-route.ts'
import { type Comparison, type FuzzTarget, must } from '../engine/target.ts'
import type { Reading } from '../oracles/oracle.ts'
import { namesProject } from '../parts/fold.ts'
import { ALPHA, HOST, routes } from '../parts/gateway.ts'
import { unlessRefused } from '../parts/refused.ts'

const head = {
  method: 'GET',
  target: '',
  host: HOST,
  httpVersion: '1.1',
  headers: {},
  rawHeaders: [],
  peerAddress: '127.0.0.1',
  clientAddress: '127.0.0.1',
  requestId: 'id',
}

/** What the gateway makes of a target: its route, and what it forwards. */
function read(input: Buffer) {
  return unlessRefused(() => {
    const target = parseTarget(input.toString('latin1'))
    const route = routes.match(HOST, target.path)
    if (route === undefined) return undefined
    const below = readBelowRoute(head, target, route)
    return { target, route, below }
  })
}

/** A server that folds: case, width, dots and spaces at the end of a segment, parameters, one more decoding. */
function laxest(path: string): string {
  const once = (text: string) => {
    try {
      return decodeURIComponent(text)
    } catch {
      return text
    }
  }
  const segments = path.normalize('NFKC').toLowerCase().replaceAll('\\', '/').split('/')
  return segments.map((each) => once((each.split(';', 1)[0] as string).replace(/[\s.]+$/u, ''))).join('/')
}

export const target: FuzzTarget = {
  seeds: [
    '/notes/a',
    '/notes/a%20b?x=1',
    '/notes/ops/x',
    '/notes/%6fps',
    '/mlflow/api/2.0/mlflow/runs/get?run_id=1',
    `/mlflow/${ALPHA}/ajax-api/2.0/x`,
    '/mlflow/alpha/get-artifact?path=a%2Fb',
    '/airflow/api/v2/dags/a/dagRuns/manual__2026-01-01T00:00:00%2B00:00',
    '/airflow/a%2Fb;c',
    `/api/x?projectId=${ALPHA}&b=2`,
    '/notes/caf%c3%a9/..;/%2e%2e/%ef%bc%8e',
  ],
  dictionary: [
    '%2f',
    '%2e',
    '%5c',
    '%25',
    '%00',
    ';',
    '//',
    '/./',
    '/../',
    '%ef%bc%8f',
    '%ef%bc%8e',
    '?',
    '&',
    'ops',
    'projectId=',
    ALPHA,
  ],
  invariants: [
    'what is forwarded, read again, is canonical and belongs to the same route',
    'it is no path of a narrower route, however leniently it is read',
    'URL (WHATWG) does not change the path',
    'the query that is forwarded names no project',
  ],
  check(input) {
    const found = read(input)
    if (found === undefined) return false
    const { target: parsed, route, below } = found
    const query = parsed.query === '' ? '' : `?${parsed.query}`
    const again = parseTarget(parsed.path + query)
    must(again.path === parsed.path && again.decodedPath === parsed.decodedPath, 'a canonical path stays as it is')
    must(routes.match(HOST, again.path) === route, 'the canonical path belongs to the same route')
    const forwarded = parseTarget(below.upstreamPath)
    must(forwarded.path === below.upstreamPath, 'the forwarded path is canonical', () => below.upstreamPath)
    const whole = route.profile.stripPrefix ? `${below.publicPrefix}${below.upstreamPath}` : below.upstreamPath
    const bare = whole.endsWith('/') && !parsed.path.endsWith('/') ? whole.slice(0, -1) : whole
    must(bare === parsed.path, 'what is forwarded is what was authorized', () => `${bare} for ${parsed.path}`)
    for (const narrower of route.narrower)
      must(
        !`${laxest(parsed.decodedPath)}/`.startsWith(`${narrower.prefix}/`),
        'no path of a narrower route',
        () => parsed.path,
      )
    must(new URL(`http://a${below.upstreamPath}`).pathname === below.upstreamPath, 'URL does not change the path')
    if (below.named.kind !== 'malformed')
      for (const [name] of new URLSearchParams(below.app.query))
        must(!namesProject(name), 'the forwarded query names no project', () => name)
    return true
  },
  compare(input) {
    const found = read(input)
    if (found === undefined) return []
    const { target: parsed, below } = found
    const path = below.upstreamPath
    const decoded = decodeURIComponent(path)
    // Where the application reads an encoded slash in one way only, the path is its own matter.
    if (parsed.oddities.includes('encoded-slash')) return []
    const { query } = below.app
    const pathOnly: Comparison = { parser: 'path', bytes: path, differs: (reading) => pathDiffers(reading, decoded) }
    const nginx: Comparison = {
      parser: 'nginx:requests',
      bytes: `GET ${path}${query === '' ? '' : `?${query}`} HTTP/1.1\r\nHost: a\r\n\r\n`,
      differs: (reading) => nginxDiffers(reading, Buffer.from(decoded).toString('latin1'), query),
    }
    return [pathOnly, nginx]
  },
}

function pathDiffers({ value, error }: Reading, decoded: string): string | undefined {
  if (error !== undefined) return `refused: ${error}`
  const read = value as { decoded: string; normal: string }
  if (read.decoded !== decoded) return `another path: ${read.decoded}`
  const normal = decoded.length > 1 ? decoded.replace(/\/$/, '') : decoded
  return read.normal === normal ? undefined : `normalized: ${read.normal}`
}

function nginxDiffers({ value, error }: Reading, decoded: string, query: string): string | undefined {
  if (error !== undefined) return `refused: ${error}`
  const [request, ...more] = value as Record<string, string>[]
  if (request === undefined || more.length > 0) return `${more.length + 1} requests`
  if (request.path?.trim() !== decoded.trim()) return `another path: ${request.path} for ${decoded}`
  return (request.query ?? '') === query ? undefined : `another query: ${request.query}`
}
