import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Stands in for the provider of a model: it speaks OpenAI's API, and remembers the headers of what it was asked. */
export interface ModelProvider {
  /** Base URL. */
  readonly url: string
  readonly asked: readonly IncomingHttpHeaders[]
  close(): Promise<void>
}

const WORDS = ['I am ', 'a stand-in']
const COMMON = { id: 'chat-1', created: 1, model: 'stand-in' }
const chunk = (content: string) =>
  `data: ${JSON.stringify({ ...COMMON, object: 'chat.completion.chunk', choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: null }] })}\n\n`
const WHOLE = {
  ...COMMON,
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: WORDS.join('') }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
}
const EMBEDDING = {
  object: 'list',
  model: 'stand-in',
  data: [{ object: 'embedding', index: 0, embedding: [0.25, 0.5] }],
  usage: { prompt_tokens: 1, total_tokens: 1 },
}

export async function startModelProvider(): Promise<ModelProvider> {
  const asked: IncomingHttpHeaders[] = []
  const server = createServer(async (request, response) => {
    asked.push(request.headers)
    const chunks: Buffer[] = []
    for await (const part of request) chunks.push(part as Buffer)
    const { stream } = JSON.parse(Buffer.concat(chunks).toString()) as { stream?: boolean }
    if (stream === true) {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(`${WORDS.map(chunk).join('')}data: [DONE]\n\n`)
      return
    }
    const json = request.url?.endsWith('/embeddings') ? EMBEDDING : WHOLE
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(json))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
