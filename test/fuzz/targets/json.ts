import {
  JsonError,
  type JsonObject,
  parseJsonObject,
  printJson,
} from '../../../src/gateway/apps/mlflow/body/strict-json.ts'
import { type FuzzTarget, must } from '../engine/target.ts'
import type { Reading } from '../oracles/oracle.ts'

function read(input: Buffer): JsonObject | undefined {
  try {
    return parseJsonObject(input)
  } catch (error) {
    if (error instanceof JsonError) return undefined
    throw error
  }
}

/** Without what the standard does not have. */
function standard(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const target: FuzzTarget = {
  seeds: [
    '{}',
    '{"a":1,"b":[true,false,null],"c":{"d":"e"}}',
    '{"run_id":"x","metrics":[{"key":"m","value":NaN,"timestamp":1700000000000,"step":-0}]}',
    '{"n":[1.0,1e400,-1E-7,12345678901234567890,0.1,Infinity,-Infinity]}',
    '{"\\u0061":"\\ud83d\\ude00\\n","\\"":"\\\\"}',
    '{"a":1,"a":2}',
    '{"__proto__":{}}',
    '\xef\xbb\xbf{}',
  ],
  dictionary: [
    '"a":',
    '\\u0000',
    '\\ud800',
    '\\u0061',
    '1.0',
    '-0',
    '1e5',
    '1E+400',
    'NaN',
    '-Infinity',
    '{"',
    '"}',
    '[',
    ']',
    ',',
    '\xe2\x80\xa8',
    '\xc0\x80',
  ],
  invariants: [
    'what is written, read and written again, stays the same',
    'JSON.parse reads what was sent and what is written as the same value',
    'Python reads both as the same, number by number and name by name, and no name twice',
  ],
  check(input) {
    const object = read(input)
    if (object === undefined) return false
    const written = printJson(object)
    const again = read(written)
    must(again !== undefined, 'what is written can be read', () => written.toString())
    must(printJson(again).equals(written), 'what is written stays the same', () => written.toString())
    const sent = standard(input.toString())
    if (sent !== undefined)
      must(JSON.stringify(sent) === JSON.stringify(standard(written.toString())), 'JSON.parse reads the same', () =>
        written.toString(),
      )
    return true
  },
  compare(input) {
    const object = read(input)
    if (object === undefined) return []
    const pair = [input.toString('latin1'), printJson(object).toString('latin1')]
    return [{ parser: 'json', bytes: asciiOnly(JSON.stringify(pair)), differs }]
  },
}

/** The pair itself travels as JSON: its bytes beyond ASCII are escaped, so that it is the same in every encoding. */
export const asciiOnly = (json: string) =>
  json.replaceAll(/[\x7f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

function differs({ value, error }: Reading): string | undefined {
  if (error !== undefined) return `refused: ${error}`
  const { same, repeated } = value as { same: boolean; repeated: boolean }
  return same ? (repeated ? 'a name twice' : undefined) : 'another value'
}
