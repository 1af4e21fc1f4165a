import type { RequestHandler } from 'express'
import { BodyPace, type BodyPaceLimits } from '../shared/body-pace.ts'
import { Problem } from './operation/problems.ts'

/** How often the pace of a body is checked within a window. */
const CHECKS_PER_WINDOW = 4

/** Ends a request whose body comes too slowly, and its connection. Most bodies have arrived with their head. */
export function pacedBody(limits: BodyPaceLimits): RequestHandler {
  return (request, _response, next) => {
    if (request.complete) return next()
    const { socket } = request
    const pace = new BodyPace(limits, performance.now())
    let known = socket.bytesRead
    const check = () => {
      const now = performance.now()
      if (socket.bytesRead > known) pace.received(socket.bytesRead - known, now)
      known = socket.bytesRead
      const fault = pace.fault(now)
      if (fault === undefined) return
      clearInterval(timer)
      next(new Problem('request-timeout', fault, { headers: { Connection: 'close' } }))
    }
    const timer = setInterval(check, limits.windowMs / CHECKS_PER_WINDOW).unref()
    for (const end of ['end', 'close'] as const) request.once(end, () => clearInterval(timer))
    next()
  }
}
