import { JsonError, parseJsonObject, printJson } from '../../../src/gateway/apps/mlflow/body/strict-json.ts'
import { rewriteExport } from '../../../src/gateway/apps/mlflow/otlp/export.ts'
import { rewriteJson } from '../../../src/gateway/apps/mlflow/otlp/json.ts'
import { EXPORT_REQUEST } from '../../../src/gateway/apps/mlflow/otlp/messages.ts'
import { Refusal } from '../../../src/gateway/errors.ts'
import { type FuzzTarget, must } from '../engine/target.ts'
import { unlessRefused } from '../parts/refused.ts'
import { asciiOnly } from './json.ts'
import { exportDiffers } from './otlp-protobuf.ts'

/** What is forwarded, and the keys that were checked. */
function rewrite(input: Buffer): { written: Buffer; keys: string[] } | undefined {
  const keys: string[] = []
  return unlessRefused(() => {
    try {
      const object = parseJsonObject(input)
      rewriteJson(object, EXPORT_REQUEST, (key) => keys.push(key))
      return { written: printJson(object), keys }
    } catch (error) {
      if (error instanceof JsonError) return undefined
      throw error
    }
  })
}

const HEADERS = { type: 'application/json', encoding: undefined }
const ids = '"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174"'
const value = '{"key":"k","value":{"intValue":"7"}}'

export const target: FuzzTarget = {
  seeds: [
    '{}',
    `{"resourceSpans":[{"resource":{"attributes":[${value}]},"scopeSpans":[{"scope":{"name":"s"},"spans":[{${ids},"name":"n","kind":2,"startTimeUnixNano":"1544712660000000000","attributes":[${value}]}]}]}]}`,
    `{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"mlflow.traceTag.x","value":{"arrayValue":{"values":[{"stringValue":"a"},{"boolValue":true},{"doubleValue":0.5}]}}}],"events":[{"name":"e","timeUnixNano":1}],"links":[{${ids}}],"status":{"code":1,"message":"m"}}]}]}]}`,
    '{"resource_spans":[],"resourceSpans":null,"x":{"y":1}}',
    '{"resource_spans":[{"schema_url":"x"}]}',
    '{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":"SPAN_KIND_SERVER","attributes":[{"key":"mlflow.artifactLocation","value":{"kvlistValue":{"values":[]}}}]}]}]}]}',
  ],
  dictionary: [
    '"resourceSpans":',
    '"scopeSpans":',
    '"spans":',
    '"attributes":',
    '"key":',
    '"value":',
    '"stringValue":',
    'scope_spans',
    'mlflow.traceTag.',
    'mlflow.user',
    '\\u006b',
    'null',
    '[{',
    '}]',
    '1e3',
    'NaN',
    '"@type":',
    '[opentelemetry.x]',
  ],
  invariants: [
    'what is written, read and written again, stays the same',
    'nothing but a denial is thrown by the whole rule, which also denies reserved keys',
    'json_format, called as MLflow calls it, reads what is written as what was sent',
    'every key that it reads of a resource or a span was checked',
  ],
  async check(input) {
    await rewriteExport(input, HEADERS, 65_536).catch((error: unknown) => {
      if (!(error instanceof Refusal)) throw error
    })
    const found = rewrite(input)
    if (found === undefined) return false
    const again = rewrite(found.written)
    must(again !== undefined, 'what is written can be read')
    must(again.written.equals(found.written), 'what is written stays the same', () => found.written.toString())
    must(again.keys.join() === found.keys.join(), 'the same keys are checked')
    return true
  },
  compare(input) {
    const found = rewrite(input)
    if (found === undefined) return []
    const pair = [input.toString('latin1'), found.written.toString('latin1')]
    return [
      {
        parser: 'otlp:json',
        bytes: asciiOnly(JSON.stringify(pair)),
        // What MLflow itself refuses reaches nobody.
        differs: (reading) => (reading.error === undefined ? exportDiffers(reading, found.keys) : undefined),
      },
    ]
  },
}
