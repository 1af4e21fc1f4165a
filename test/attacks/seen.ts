import assert from 'node:assert/strict'
import type { RawRequest } from './raw-upstream.ts'

/** A header name as an upstream reads it that normalizes punctuation. */
export const fold = (name: string) => name.toLowerCase().replace(/[^a-z0-9]+/g, '-')

export const valuesOf = (request: RawRequest, name: string) =>
  request.headers.filter(([each]) => fold(each) === fold(name)).map(([, value]) => value)

/** What a case may expect of the first request that the upstream received. */
export const SEEN: Record<string, (argument: string, seen: RawRequest | undefined) => void> = {
  received: (line, seen) => assert.equal(seen?.line, `${line} HTTP/1.1`),
  has: (field, seen) => {
    const colon = field.indexOf(': ')
    assert.deepEqual(seen && valuesOf(seen, field.slice(0, colon)), [field.slice(colon + 2)])
  },
  once: (name, seen) => assert.equal(seen && valuesOf(seen, name).length, 1),
  lacks: (name, seen) => assert.deepEqual(seen && valuesOf(seen, name), []),
  never: (text, seen) => assert.equal(seen?.bytes.includes(text), false, `the upstream received ${text}`),
  body: (text, seen) => assert.equal(seen?.body, text),
}
