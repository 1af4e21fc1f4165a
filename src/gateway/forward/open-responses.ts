import type { Upstream } from '../upstream/pool.ts'
import { StreamedResponse } from './streamed-response.ts'

/** All responses under way, WebSockets too. Upstreams that are retired and idle are forgotten. */
export function* openResponses(upstreams: Set<Upstream>): Iterable<StreamedResponse> {
  for (const upstream of upstreams) {
    if (upstream.isOver) upstreams.delete(upstream)
    for (const { exchange } of upstream.calls()) if (exchange.sink instanceof StreamedResponse) yield exchange.sink
  }
}
