import { createServer, type RequestListener, type Server } from 'node:http'
import type { Metrics } from './metrics.ts'

/** The admin listener: `/metrics` for everybody who reaches it; keep it off public networks. */
export function buildAdminServer(metrics: Metrics): Server {
  const serve: RequestListener = async (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    try {
      const body = await metrics.registry.metrics()
      response.writeHead(200, { 'Content-Type': metrics.registry.contentType, 'Cache-Control': 'no-store' }).end(body)
    } catch {
      response.writeHead(500).end()
    }
  }
  return createServer((request, response) => void serve(request, response))
}
