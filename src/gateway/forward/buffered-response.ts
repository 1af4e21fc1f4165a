import { Refusal } from '../errors.ts'
import type { ResponseHead } from '../upstream/response-head.ts'
import { clientHeaders } from './headers/response-headers.ts'
import type { Rewrite } from './rewrite.ts'
import { StreamedResponse } from './streamed-response.ts'

/** Reads a small response completely, because its content is rewritten. */
export class BufferedResponse extends StreamedResponse {
  readonly #chunks: Buffer[] = []
  #size = 0
  #head: ResponseHead | undefined

  override head(head: ResponseHead): void {
    this.#head = head
  }

  override piece(bytes: Buffer): boolean {
    const { maxBytes } = this.plan.rewrite as Rewrite
    this.#size += bytes.length
    if (this.#size > maxBytes) throw new Refusal('upstream-invalid', 'the response to be rewritten is too large')
    this.#chunks.push(Buffer.from(bytes))
    return true
  }

  override end(last: Buffer | undefined): void {
    if (last) this.piece(last)
    const { apply } = this.plan.rewrite as Rewrite
    const { status, headers } = this.#head as ResponseHead
    const body = apply(status, Buffer.concat(this.#chunks), headerOf(headers, 'content-type') ?? '')
    const kept = headers.filter((_, i) => (headers[i - (i % 2)] as string).toLowerCase() !== 'content-length')
    const head = clientHeaders(kept, this.context, this.plan)
    head.push('Content-Length', String(body.length))
    this.transport.response.writeHead(status, head)
    super.end(body, [])
  }
}

function headerOf(headers: readonly string[], name: string): string | undefined {
  const at = headers.findIndex((item, i) => i % 2 === 0 && item.toLowerCase() === name)
  return at < 0 ? undefined : headers[at + 1]
}
