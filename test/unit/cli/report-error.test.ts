import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportError } from '../../../src/cli/report-error.ts'

function printed(context: import('node:test').TestContext, error: unknown): string {
  const lines: unknown[] = []
  context.mock.method(console, 'error', (line: unknown) => void lines.push(line))
  assert.equal(reportError(error), 70)
  return lines.map(String).join('\n')
}

test('an unexpected error is printed with its stack and its causes, without their properties', (context) => {
  let cause: unknown
  try {
    new URL('postgresql://core:needle@db:port/core')
  } catch (error) {
    cause = error
  }
  assert.match(String(Reflect.get(cause as object, 'input')), /needle/)
  const text = printed(context, new Error('start failed', { cause }))
  assert.match(text, /start failed.*at .*caused by TypeError: Invalid URL/s)
  assert.doesNotMatch(text, /needle/)
})

test('a value that is not an error is not printed', (context) => {
  assert.doesNotMatch(printed(context, 'needle'), /needle/)
})
