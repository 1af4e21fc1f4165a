import { parseJson, probe, Unreachable } from '../../check/probe.ts'
import type { Check } from '../check.ts'
import { type Finding, failed, ok, warning } from '../finding.ts'

export const readyCheck: Check = {
  id: 'ready',
  title: 'Running gateway',
  async run({ config }) {
    const origin = `http://${localAddress(config.server.listen)}`
    try {
      const { status, text } = await probe(`${origin}/readyz`)
      return [readyFinding(origin, status, parseJson(text))]
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
      const text = `no gateway listens on ${config.server.listen} of this machine (${error.message})`
      const cause = 'It does not run, or it runs on another machine or in another container.'
      return [warning(text, cause, 'Start it, and read the first lines of its log. If it runs elsewhere, ignore this.')]
    }
  },
}

/** All addresses of the machine: loopback is one of them. */
const localAddress = (listen: string) => listen.replace(/^0\.0\.0\.0:/, '127.0.0.1:').replace(/^\[::\]:/, '[::1]:')

const auditFinding = (origin: string): Finding =>
  warning(
    `the gateway at ${origin} does not record its audit trail`,
    'The disk of the file is full, or the syslog server or the collector does not respond.',
    'Read the line `audit-sink-failed` of its log. With audit.onFailure: deny-writes, changes are denied until the sink works.',
  )

function readyFinding(origin: string, status: number, parts: Readonly<Record<string, unknown>>): Finding {
  const { status: state, ...rest } = parts
  const bad = Object.entries(rest).filter(([, value]) => value !== 'ready')
  const detail = bad.map(([part, value]) => `${part} ${String(value)}`).join(', ')
  if (status === 200 && bad.length === 0 && state === 'ready') return ok(`the gateway at ${origin} is ready`)
  if (typeof state !== 'string')
    return failed(
      `${origin} is not a gateway (status ${status})`,
      'Another program uses this port.',
      'Stop it, or change server.listen.',
    )
  if (bad.length === 1 && parts.audit === 'down') return auditFinding(origin)
  const text = `the gateway at ${origin} is ${state}: ${detail}`
  const cause =
    'It cannot reach what it names, although this command may: it runs as another user or in another network.'
  const fix = 'Read its log: the lines `issuer-down`, `store-down` and `audit-sink-failed` have the cause.'
  return status === 200 ? warning(text, cause, fix) : failed(text, cause, fix)
}
