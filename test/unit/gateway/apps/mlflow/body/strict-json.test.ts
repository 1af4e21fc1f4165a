import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { JsonError, parseJsonObject, printJson } from '../../../../../../src/gateway/apps/mlflow/body/strict-json.ts'

const parse = (text: string) => parseJsonObject(Buffer.from(text))

const refused: [string, string | Buffer][] = [
  ['nothing', ''],
  ['an array', '[]'],
  ['a JSON text within a string, which MLflow would decode again', '"{\\"key\\":\\"mlflow.user\\"}"'],
  ['a name twice', '{"a":1,"a":1}'],
  ['a name twice under two spellings', '{"a":1,"\\u0061":2}'],
  ['a name twice deep inside', '{"a":[{"b":{"c":1,"d":2,"c":3}}]}'],
  ['__proto__, which would be no name here', '{"__proto__":{"a":1}}'],
  ['constructor twice', '{"constructor":1,"constructor":2}'],
  ['NaN in another case', '{"a":nan}'],
  ['an infinity with a plus', '{"a":+Infinity}'],
  ['a leading zero', '{"a":01}'],
  ['a leading plus', '{"a":+1}'],
  ['a trailing comma', '{"a":1,}'],
  ['a trailing comma in an array', '{"a":[1,]}'],
  ['single quotes', "{'a':1}"],
  ['a bare name', '{a:1}'],
  ['a comment', '{"a":1/**/}'],
  ['a missing colon', '{"a" 1}'],
  ['a missing comma', '{"a":1 "b":2}'],
  ['something after the object', '{"a":1}{"b":2}'],
  ['an open string', '{"a":"b'],
  ['an open object', '{"a":1'],
  ['a raw line break in a string', '{"a":"b\nc"}'],
  ['an unknown escape', '{"a":"\\x41"}'],
  ['a cut escape', '{"a":"\\u00"}'],
  ['a half word', '{"a":tru}'],
  ['a form feed as space', '{\f"a":1}'],
  ['a byte order mark', '\ufeff{"a":1}'],
  ['UTF-16', Buffer.from('{"a":1}', 'utf16le')],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d])],
  ['an overlong slash', Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d])],
  ['values nested beyond all reason', `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
]
for (const [name, body] of refused) {
  test(`refuses ${name}`, () => assert.throws(() => parseJsonObject(Buffer.from(body)), JsonError))
}

test('numbers keep their text: identifiers beyond 2^53, exponents, negative zero, trailing zeros', () => {
  const text = '{"id":9007199254740993,"t":17638000000000000001,"x":1.10,"e":1E+400,"z":-0,"n":-12.5e-3}'
  assert.equal(printJson(parse(text)).toString(), text)
})

test('a name that is a property of every object is a name like any other', () => {
  const text = '{"constructor":2,"toString":3,"toJSON":{"a":1}}'
  assert.equal(printJson(parse(text)).toString(), text)
})

test('escapes are decoded before anybody looks at a name', () => {
  assert.deepEqual(Object.keys(parse('{"mlflow\\u002euser":"x"}')), ['mlflow.user'])
})

test('what the engine prints is read as the engine reads it', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (object) => {
      const text = JSON.stringify(object)
      fc.pre(!text.includes('"__proto__"'))
      assert.deepEqual(JSON.parse(printJson(parse(text)).toString()), JSON.parse(text))
    }),
  )
})

test('no text is read differently from the engine, except by refusing it', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"a"',
    '"b"',
    ':',
    ',',
    '1',
    '-',
    '.5',
    'e',
    'true',
    ' ',
    '\\',
    '"',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 14 }), (parts) => {
      const text = parts.join('')
      try {
        const value = printJson(parse(text)).toString()
        assert.deepEqual(JSON.parse(value), JSON.parse(text))
      } catch (error) {
        assert.ok(error instanceof JsonError)
      }
    }),
    { numRuns: 2000 },
  )
})
