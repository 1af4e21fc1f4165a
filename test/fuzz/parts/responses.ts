import type { Comparison } from '../engine/target.ts'
import type { Reading } from '../oracles/oracle.ts'
import { trimSpace } from './fold.ts'

/** A complete response as the gateway reads it. */
export interface ReadResponse {
  readonly status: number
  /** End-to-end fields, names and values in turn. */
  readonly headers: readonly string[]
  readonly body: string
  readonly trailers: readonly string[]
  readonly upgraded: boolean
}

/** Between two hops: not forwarded. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'te', 'upgrade', 'proxy-connection'])

/** What Node's client, h11 and http.client must read of the bytes that the gateway accepts as a response. */
export function responseComparisons(bytes: Buffer, method: string, ours: ReadResponse): Comparison[] {
  const text = `${method}\n${bytes.toString('latin1')}`
  const head = bytes.toString('latin1', 0, bytes.indexOf('\r\n\r\n'))
  const differs = (reading: Reading) => (isTolerated(reading, head) ? undefined : responseDiffers(reading, ours))
  return [
    { parser: 'node:response', bytes: text, differs },
    { parser: 'h11:response', bytes: text, differs },
    { parser: 'http.client', bytes: text, differs },
  ]
}

/**
 * Where another parser is stricter, or known to be wrong, and nothing of it reaches the client: chunk extensions and framing
 * fields in trailers, which are dropped; an interim response that closes the connection, or is of HTTP/1.0; an interim response that `http.client` takes for the final one.
 */
function isTolerated({ value, error }: Reading, head: string): boolean {
  if (error === undefined) return (value as { status: number }).status < 200
  const isInTrailers = /transfer-encoding/i.test(head) && /transfer-encoding|content-length/i.test(error)
  return isInTrailers || /chunk extension|after `Connection: close`/i.test(error)
}

function responseDiffers({ value, error }: Reading, ours: ReadResponse): string | undefined {
  if (error !== undefined) return `refused: ${error}`
  const read = value as { status: number; headers: [string, string][]; body: string }
  if (read.status !== ours.status) return `another status: ${read.status} for ${ours.status}`
  if (read.body !== ours.body) return `another body: ${JSON.stringify(read.body)} for ${JSON.stringify(ours.body)}`
  const named = read.headers
    .filter(([name]) => name === 'connection')
    .flatMap(([, list]) => list.toLowerCase().split(','))
  const dropped = new Set([...HOP_BY_HOP, ...named.map(trimSpace)])
  const isLength = (name: string) => name === 'content-length'
  const theirs = read.headers
    .filter(([name]) => !dropped.has(name) && !isLength(name))
    .map(([name, each]) => `${name}: ${trimSpace(each)}`)
  const own = ours.headers.flatMap((name, i) =>
    i % 2 === 0 && !isLength(name.toLowerCase()) ? [`${name.toLowerCase()}: ${ours.headers[i + 1]}`] : [],
  )
  return theirs.join('\n') === own.join('\n')
    ? undefined
    : `other fields: ${JSON.stringify(theirs)} for ${JSON.stringify(own)}`
}
