import type { Upstream } from '../upstream/pool.ts'
import { StreamedResponse } from './streamed-response.ts'

/** The answers of all exchanges under way, WebSockets too. Upstreams that are given up and done with are let go of. */
export function* openResponses(upstreams: Set<Upstream>): Iterable<StreamedResponse> {
  for (const upstream of upstreams) {
    if (upstream.isOver) upstreams.delete(upstream)
    for (const { exchange } of upstream.calls()) if (exchange.sink instanceof StreamedResponse) yield exchange.sink
  }
}
