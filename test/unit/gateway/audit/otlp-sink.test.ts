import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OtlpSink } from '../../../../src/gateway/audit/sinks/otlp-sink.ts'
import { redactLine } from '../../../../src/gateway/observability/redact.ts'
import { startOtlpReceiver } from '../../../otlp-receiver.ts'
import { entryOf } from './kit.ts'

test('what is hidden in the text of a record is hidden in its attributes', async () => {
  const receiver = await startOtlpReceiver()
  const sink = new OtlpSink({ type: 'otlp', url: `${receiver.url}/v1/logs`, headers: {}, timeoutSeconds: 5 })
  const { event, text } = entryOf(1, { path: '/app/access_token=SECRET-IN-PATH', status: 200 })
  await sink.write([{ event, text: redactLine(text) }])
  await sink.close()
  await receiver.close()
  const [body = ''] = receiver.bodies
  assert.match(body, /"audit\.path".*access_token=\(redacted\)/)
  assert.match(body, /"audit\.status"/)
  assert.ok(!body.includes('SECRET-IN-PATH'))
})
