import type { Upstream } from '../upstream/pool.ts'
import { StreamedAnswer } from './streamed-response.ts'

/** The answers of all exchanges under way, WebSockets too. Upstreams that are given up and done with are let go of. */
export function* openAnswers(upstreams: Set<Upstream>): Iterable<StreamedAnswer> {
  for (const upstream of upstreams) {
    if (upstream.isOver) upstreams.delete(upstream)
    for (const { exchange } of upstream.calls()) if (exchange.sink instanceof StreamedAnswer) yield exchange.sink
  }
}
