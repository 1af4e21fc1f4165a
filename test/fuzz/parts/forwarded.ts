import type { UpstreamRequest } from '../../../src/gateway/forward/upstream-request.ts'
import type { BelowRoute } from '../../../src/gateway/routing/below-route.ts'
import type { Comparison } from '../engine/target.ts'
import { MARKER } from '../oracles/nginx.ts'
import type { Reading, ReadRequest } from '../oracles/oracle.ts'
import { foldHeader, namesProject, trimSpace } from './fold.ts'
import { config } from './gateway.ts'

/** What the gateway sends to an upstream. */
export interface Forwarded {
  /** Latin-1. */
  readonly bytes: string
  readonly upstream: UpstreamRequest
  readonly below: BelowRoute
  /** Bytes of the body. */
  readonly body: number
}

type Written = Readonly<Record<string, readonly string[]>>

const MARKER_REQUEST = `GET ${MARKER} HTTP/1.1\r\nHost: a\r\n\r\n`

/** What every other parser must read of a forwarded request. @param written Headers of the gateway, by folded name */
export function comparisonsOf(forwarded: Forwarded, written: Written): Comparison[] {
  const { bytes, below } = forwarded
  const decoded = decodeURIComponent(below.upstreamPath)
  const followed = bytes + MARKER_REQUEST
  const one = (reading: Reading) => requestsDiffer(reading, forwarded)
  const comparisons: Comparison[] = [
    { parser: 'node:requests', bytes: followed, differs: one },
    { parser: 'h11', bytes: followed, differs: one },
    { parser: 'http.server', bytes, differs: (reading) => requestsDiffer(only(reading), forwarded, true) },
    { parser: 'nginx:requests', bytes, differs: (reading) => nginxDiffers(reading, forwarded, written) },
  ]
  const named = below.named.kind === 'malformed'
  comparisons.push(
    {
      parser: 'werkzeug',
      bytes,
      differs: (reading) => appDiffers(reading, decoded, named) ?? environDiffers(reading, written),
    },
    { parser: 'starlette', bytes, differs: (reading) => appDiffers(reading, decoded, named) },
  )
  return comparisons
}

const only = (reading: Reading): Reading =>
  reading.error === undefined ? { value: [reading.value, { target: MARKER }] } : reading

/** @param lengthOnly The parser reads no body: its length counts where it is stated */
function requestsDiffer(
  { value, error }: Reading,
  { upstream, body }: Forwarded,
  lengthOnly = false,
): string | undefined {
  if (error !== undefined) return `refused: ${error}`
  const [request, marker, ...more] = value as ReadRequest[]
  if (request === undefined) return 'no request'
  if (request.method !== upstream.method) return `another method: ${request.method}`
  if (request.target !== upstream.path) return `another target: ${request.target} for ${upstream.path}`
  const expected = upstream.headers.flatMap((name, i) =>
    i % 2 === 0 ? [`${name.toLowerCase()}: ${trimSpace(upstream.headers[i + 1] as string)}`] : [],
  )
  const read = request.headers.map(([name, text]) => `${name}: ${trimSpace(text)}`)
  if (read.join('\n') !== expected.join('\n'))
    return `other fields: ${JSON.stringify(read)} for ${JSON.stringify(expected)}`
  const isChunked = expected.includes('transfer-encoding: chunked')
  if (request.body !== body && !(lengthOnly && isChunked)) return `another length: ${request.body} for ${body}`
  return marker?.target === MARKER && more.length === 0 ? undefined : 'another request follows'
}

function nginxDiffers({ value, error }: Reading, { upstream, body }: Forwarded, written: Written): string | undefined {
  if (error !== undefined) return `refused: ${error}`
  const [request, ...more] = value as Record<string, string>[]
  if (request === undefined || more.length > 0) return `${more.length + 1} requests`
  if (request.method !== upstream.method) return `another method: ${request.method}`
  if (request.target !== upstream.path) return `another target: ${request.target} for ${upstream.path}`
  const isChunked = upstream.headers.includes('Transfer-Encoding')
  if (request.length !== undefined && !isChunked && Number(request.length) !== body)
    return `another length: ${request.length} for ${body}`
  const told = {
    user: 'x-forwarded-user',
    groups: 'x-forwarded-groups',
    project: 'aoa-project-id',
    assertion: 'x-gateway-assertion',
  }
  for (const [name, header] of Object.entries(told))
    if (request[name] !== written[header]?.[0]) return `another ${header}: ${request[name]}`
  return undefined
}

/** What an application framework reads. */
function appDiffers({ value, error }: Reading, decoded: string, isMalformed: boolean): string | undefined {
  if (error !== undefined) return `refused: ${error}`
  const read = value as { path: string; args: string[]; cookies: string[] }
  if (read.path !== decoded) return `another path: ${read.path} for ${decoded}`
  const project = isMalformed ? undefined : read.args.find(namesProject)
  if (project !== undefined) return `a project in the query: ${project}`
  const cookie = read.cookies.find((name) => name.toLowerCase().includes(config.cookie.name))
  return cookie === undefined ? undefined : `a cookie of the gateway: ${cookie}`
}

function environDiffers({ value }: Reading, written: Written): string | undefined {
  const { environ } = value as { environ: Record<string, string> }
  for (const [name, text] of Object.entries(environ)) {
    if (!name.startsWith('HTTP_')) continue
    const header = foldHeader(name.slice('HTTP_'.length))
    const expected = Object.hasOwn(written, header) ? written[header] : undefined
    if (expected !== undefined && expected.join(',') !== text) return `another ${header}: ${text}`
  }
  return undefined
}
