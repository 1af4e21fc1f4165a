import { compose } from './compose.ts'
import { readBytes, readEcho, send } from './send.ts'
import type { Stage } from './stage.ts'

/** One exchange of a kind, checked. */
export type Once = (stage: Stage) => Promise<void>

const KIB = 1024
const MIB = 1024 * KIB

export const read: Once = async (stage) => {
  const composed = compose(stage, { kind: 'read with a session', caller: stage.random.pick(stage.sessions) })
  stage.oracle.check(composed.expected, await send(composed, readEcho))
}

export const change: Once = async (stage) => {
  const bytes = stage.random.between(1, 16 * KIB)
  const wish = { kind: 'change with a session', method: stage.random.pick(['POST', 'PUT', 'DELETE']), bytes }
  const composed = compose(stage, { ...wish, caller: stage.random.pick(stage.sessions) })
  stage.oracle.check(composed.expected, await send(composed, readEcho))
}

export const bearer: Once = async (stage) => {
  const method = stage.random.pick(['GET', 'GET', 'POST'])
  const bytes = method === 'POST' ? stage.random.between(1, 64 * KIB) : 0
  const caller = stage.random.pick(stage.bearers)
  const composed = compose(stage, { kind: 'bearer token', method, bytes, caller })
  stage.oracle.check(composed.expected, await send(composed, readEcho))
}

export const upload: Once = async (stage) => {
  const { random } = stage
  const [bytes, chunked] = [random.between(MIB, 6 * MIB), random.next() < 0.5]
  const composed = compose(stage, {
    kind: 'upload of 1 to 6 MiB',
    method: random.pick(['POST', 'PUT']),
    bytes,
    chunked,
  })
  stage.oracle.check(composed.expected, await send(composed, readEcho))
}

export const download: Once = async (stage) => {
  const size = stage.random.between(MIB, 6 * MIB)
  const query = { size, framing: stage.random.pick(['length', 'chunked']) }
  const expected = { responseBytes: size }
  const composed = compose(stage, { kind: 'download of 1 to 6 MiB', action: 'bytes', query, expected })
  stage.oracle.check(composed.expected, await send(composed, readBytes))
}

/** The upstream resets the connection before or in the middle of its response. */
export const cutByUpstream: Once = async (stage) => {
  const after = stage.random.pick([0, 1, 5 * KIB, 300 * KIB])
  const expected = after === 0 ? { status: 502, reason: 'upstream-down' } : { cut: true as const }
  const composed = compose(stage, { kind: 'reset by the upstream', action: 'cut', query: { after }, expected })
  stage.oracle.check(composed.expected, await send(composed, readBytes))
}
