import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/style.css': ['style.css', 'text/css; charset=utf-8'],
  '/app.js': ['app.js', 'text/javascript; charset=utf-8'],
} as const

export interface UiServer {
  readonly port: number
  close(): Promise<void>
}

/** Serves the user interface of the core API: three files, and a configuration with the addresses of its API and gateway. */
export async function startUi(options: { port?: number; api: string; gateway: string }): Promise<UiServer> {
  const { api, gateway } = options
  const policy = `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ${new URL(api).origin}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'`
  const server: Server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://ui')
    response.setHeader('content-security-policy', policy)
    response.setHeader('x-content-type-options', 'nosniff')
    response.setHeader('referrer-policy', 'no-referrer')
    if (pathname === '/config.json')
      return response.setHeader('content-type', 'application/json').end(JSON.stringify({ api, gateway }))
    const file = pathname in FILES ? FILES[pathname as keyof typeof FILES] : undefined
    if (!file) return response.writeHead(404).end()
    response.setHeader('content-type', file[1]).end(readFileSync(join(import.meta.dirname, 'ui', file[0])))
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => void server.close(() => resolve()))
    },
  }
}
