import type { CheckError } from '../../../shared/settings/load-settings.ts'
import type { Config } from '../schema.ts'
import { sinkNameOf } from '../sink-name.ts'
import { randomSecretErrors } from './secret.ts'

type Audit = Config['audit']

export function auditErrors({ sinks }: Audit): CheckError[] {
  return [...sinks.flatMap((sink, index) => sinkErrors(sink, `audit.sinks.${index}`)), ...repeated(sinks)]
}

function sinkErrors(sink: Audit['sinks'][number], path: string): CheckError[] {
  if (sink.type === 'file' && sink.chainKey !== undefined) {
    const hint = 'Set chain: true, or remove chainKey.'
    if (!sink.chain) return [{ path: `${path}.chainKey`, expected: 'chain: true', got: 'a key without a chain', hint }]
    return randomSecretErrors(sink.chainKey, `${path}.chainKey`)
  }
  if (sink.type !== 'syslog' || (sink.clientCertificate === undefined) === (sink.clientKey === undefined)) return []
  const missing = sink.clientKey === undefined ? 'clientKey' : 'clientCertificate'
  return [{ path: `${path}.${missing}`, expected: 'both clientCertificate and clientKey', got: 'one of them' }]
}

/** Two sinks of one name could not be told apart, and two that write one file would destroy each other's lines. */
function repeated(sinks: Audit['sinks']): CheckError[] {
  const names = sinks.map(sinkNameOf)
  const paths = sinks.map((sink) => (sink.type === 'file' ? sink.path : undefined))
  return sinks.flatMap((_, index) => {
    const at = `audit.sinks.${index}`
    const hint = 'Give each sink of a type its own name.'
    return [
      ...(names.indexOf(names[index] ?? '') < index
        ? [{ path: `${at}.name`, expected: 'a name of its own', got: names[index] ?? '', hint }]
        : []),
      ...(paths[index] !== undefined && paths.indexOf(paths[index]) < index
        ? [{ path: `${at}.path`, expected: 'a file of its own', got: 'the file of another sink' }]
        : []),
    ]
  })
}
