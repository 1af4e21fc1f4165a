import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

/** Serves a folder of built versions on loopback. Resolves when it is ready. */
export async function serveSite(directory: string, port = 0): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site')
    // URL has removed every `..` of the path; a percent-encoded one is no folder here.
    const file = join(directory, pathname, pathname.endsWith('/') ? 'index.html' : '')
    if (!existsSync(file)) return response.writeHead(404).end('There is no such page.')
    if (statSync(file).isDirectory()) return response.writeHead(308, { location: `${pathname}/` }).end()
    const type = TYPES[extname(file)] ?? 'application/octet-stream'
    response.writeHead(200, { 'content-type': type, 'x-content-type-options': 'nosniff' })
    return request.method === 'HEAD' ? response.end() : createReadStream(file).pipe(response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
