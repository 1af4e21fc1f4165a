import type { IncomingMessage } from 'node:http'
import { Refusal } from '../errors.ts'

/**
 * Reads a request body whole, for the few requests that are judged by content.
 * @param limits `idleMs`: longest silence of the client
 * @throws Refusal `body-too-large`, `request-timeout`, `request-malformed` when the client leaves
 */
export function readBody(request: IncomingMessage, limits: { maxBytes: number; idleMs: number }): Promise<Buffer> {
  const { maxBytes, idleMs } = limits
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > maxBytes)
    return Promise.reject(new Refusal('body-too-large', `announced ${announced} bytes, at most ${maxBytes}`))
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const silence = setTimeout(
    () => reject(new Refusal('request-timeout', 'the client sent nothing for too long')),
    idleMs,
  )
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    silence.refresh()
    size += chunk.length
    if (size > maxBytes) reject(new Refusal('body-too-large', `more than ${maxBytes} bytes`))
    else chunks.push(chunk)
  })
  request.once('end', () => resolve(Buffer.concat(chunks)))
  request.once('close', () => reject(new Refusal('request-malformed', 'the client left within the body')))
  return promise.finally(() => {
    clearTimeout(silence)
    request.removeAllListeners('data')
  })
}
