import type { IncomingMessage } from 'node:http'
import { Refusal } from '../errors.ts'

/** Reads a request body whole, for the few requests that are judged by content. @throws Refusal `body-too-large` */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > maxBytes) throw new Refusal('body-too-large', `announced ${announced} bytes, at most ${maxBytes}`)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) throw new Refusal('body-too-large', `more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
