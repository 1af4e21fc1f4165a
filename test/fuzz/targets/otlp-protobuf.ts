import { EXPORT_REQUEST } from '../../../src/gateway/apps/mlflow/otlp/messages.ts'
import { rewriteProtobuf } from '../../../src/gateway/apps/mlflow/otlp/protobuf.ts'
import { type FuzzTarget, must } from '../engine/target.ts'
import type { Reading } from '../oracles/oracle.ts'
import { unlessRefused } from '../parts/refused.ts'
import { asciiOnly } from './json.ts'

/** What is forwarded, and the keys that were checked. */
function rewrite(input: Buffer): { written: Buffer; keys: string[] } | undefined {
  const keys: string[] = []
  const written = unlessRefused(() => rewriteProtobuf(input, EXPORT_REQUEST, (key) => keys.push(key)))
  return written && { written, keys }
}

const field = (number: number, content: string) => String.fromCharCode(number * 8 + 2, content.length) + content
const attribute = (key: string, value: string) => field(1, key) + field(2, field(1, value))
const span =
  field(1, 't'.repeat(16)) +
  field(2, 's'.repeat(8)) +
  field(5, 'name') +
  field(9, attribute('k', 'v')) +
  '\x30\x02' +
  '\x39\x01\x02\x03\x04\x05\x06\x07\x08'
const resource = field(1, field(1, attribute('mlflow.traceTag.a', 'b')))

export const target: FuzzTarget = {
  seeds: [
    '',
    field(1, resource + field(2, field(2, span))),
    field(1, resource + field(2, field(2, span) + field(2, `${span}\x80\x01\x00`))),
    field(
      1,
      field(
        2,
        field(
          2,
          field(
            9,
            field(1, 'k') +
              field(2, field(5, field(1, '\x10\x01') + field(1, field(6, field(1, attribute('x', 'y')))))),
          ),
        ),
      ),
    ),
  ],
  dictionary: [
    '\x0a\x00',
    '\x0a\x02',
    '\x12\x00',
    '\x80\x80\x00',
    '\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01',
    '\x4a',
    '\x0b\x0c',
    '\xf8\xff\xff\xff\x0f',
    'mlflow.traceTag.',
  ],
  invariants: [
    'what is written, read and written again, stays the same, and is not longer',
    'protobuf in Python reads what is written, without unknown fields, as the known part of what was sent',
    'every key that Python reads of a resource or a span was checked',
  ],
  check(input) {
    const found = rewrite(input)
    if (found === undefined) return false
    const { written, keys } = found
    must(written.length <= input.length, 'what is written is not longer')
    const again = rewrite(written)
    must(again !== undefined, 'what is written can be read')
    must(again.written.equals(written), 'what is written stays the same')
    must(again.keys.join() === keys.join(), 'the same keys are checked')
    return true
  },
  compare(input) {
    const found = rewrite(input)
    if (found === undefined) return []
    const pair = [input.toString('latin1'), found.written.toString('latin1')]
    return [
      {
        parser: 'otlp:protobuf',
        bytes: asciiOnly(JSON.stringify(pair)),
        differs: (reading) => exportDiffers(reading, found.keys),
      },
    ]
  },
}

/** What differs in an export. @param keys Those that were checked */
export function exportDiffers({ value, error }: Reading, keys: readonly string[]): string | undefined {
  if (error !== undefined) return `refused: ${error}`
  const read = value as { same: boolean; unknown?: boolean; keys: string[] }
  if (!read.same) return 'another value'
  if (read.unknown) return 'a field that was not checked'
  const unchecked = read.keys.find((key) => key !== '' && !keys.includes(key))
  return unchecked === undefined ? undefined : `a key that was not checked: ${JSON.stringify(unchecked)}`
}
