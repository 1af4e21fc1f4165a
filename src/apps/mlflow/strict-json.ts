/**
 * JSON as a gatekeeper must read it (RFC 8259 §4): one object, no name twice, no other grammar
 * than the standard's. Python's parser would take the last of two equal names, `NaN`, and UTF-16; what is judged here
 * and what MLflow reads must be the same. Number texts survive exactly: identifiers and timestamps exceed 2^53.
 */

/** A number as it was written; `JSON.stringify` writes the same text (a raw JSON object of the engine). */
export interface RawNumber {
  readonly rawJSON: string
}
export type JsonValue = string | boolean | null | RawNumber | JsonObject | JsonValue[]
/** Without a prototype: `__proto__` is a name like any other. */
export interface JsonObject {
  [name: string]: JsonValue
}

/** The text is not acceptable; `message` names place, expectation and finding, and holds no value of the body. */
export class JsonFault extends Error {}

const MAX_DEPTH = 100
const QUOTE = 0x22
const BACKSLASH = 0x5c
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** Part of the engine since V8 11.4, not yet of TypeScript's library. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): RawNumber }

/** @throws JsonFault */
export function parseJsonObject(body: Uint8Array): JsonObject {
  let text: string
  try {
    text = utf8.decode(body)
  } catch {
    throw new JsonFault('body: expected UTF-8')
  }
  const value = new Reader(text).whole()
  if (!isObject(value)) throw new JsonFault('body: expected one JSON object')
  return value
}

export function printJson(value: JsonValue): Buffer {
  return Buffer.from(JSON.stringify(value))
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumber(value)
}

const isNumber = (value: object): value is RawNumber =>
  (JSON as unknown as { isRawJSON(v: object): boolean }).isRawJSON(value)

class Reader {
  private at = 0
  private depth = 0
  private readonly text: string

  constructor(text: string) {
    this.text = text
  }

  whole(): JsonValue {
    const value = this.value()
    this.space()
    if (this.at < this.text.length) throw this.fault('the end of the body')
    return value
  }

  private value(): JsonValue {
    this.space()
    switch (this.text[this.at]) {
      case '{':
        return this.nested(() => this.object())
      case '[':
        return this.nested(() => this.array())
      case '"':
        return this.string()
      case 't':
        return this.word('true', true)
      case 'f':
        return this.word('false', false)
      case 'n':
        return this.word('null', null)
      default:
        return this.number()
    }
  }

  private nested<T>(read: () => T): T {
    if (++this.depth > MAX_DEPTH) throw this.fault(`at most ${MAX_DEPTH} nested values`)
    this.at++
    const value = read()
    this.depth--
    return value
  }

  private object(): JsonObject {
    const object: JsonObject = Object.create(null)
    if (this.takes('}')) return object
    do {
      this.space()
      if (this.text[this.at] !== '"') throw this.fault('a name in quotes')
      const name = this.string()
      if (name in object) throw this.fault('every name once in an object')
      if (!this.takes(':')) throw this.fault('":"')
      object[name] = this.value()
    } while (this.takes(','))
    if (!this.takes('}')) throw this.fault('"," or "}"')
    return object
  }

  private array(): JsonValue[] {
    const array: JsonValue[] = []
    if (this.takes(']')) return array
    do array.push(this.value())
    while (this.takes(','))
    if (!this.takes(']')) throw this.fault('"," or "]"')
    return array
  }

  private string(): string {
    const start = this.at++
    let plain = true
    for (let code = this.code(); code !== QUOTE; code = this.code()) {
      if (Number.isNaN(code)) throw this.fault('a closing quote')
      if (code < 0x20) throw this.fault('no control character in a string')
      plain &&= code !== BACKSLASH
      this.at += code === BACKSLASH ? 2 : 1
    }
    this.at++
    return plain ? this.text.slice(start + 1, this.at - 1) : this.unescaped(this.text.slice(start, this.at))
  }

  private unescaped(quoted: string): string {
    try {
      return JSON.parse(quoted)
    } catch {
      throw this.fault('a string without unknown escapes')
    }
  }

  private code(): number {
    return this.text.charCodeAt(this.at)
  }

  private number(): RawNumber {
    NUMBER.lastIndex = this.at
    const digits = NUMBER.exec(this.text)?.[0]
    if (digits === undefined) throw this.fault('a value')
    this.at += digits.length
    return rawJSON(digits)
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw this.fault('a value')
    this.at += word.length
    return value
  }

  private takes(character: string): boolean {
    this.space()
    if (this.text[this.at] !== character) return false
    this.at++
    return true
  }

  private space(): void {
    for (;;) {
      const code = this.code()
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.at++
    }
  }

  private fault(expected: string): JsonFault {
    const got = this.at < this.text.length ? 'something else' : 'the end'
    return new JsonFault(`body at character ${this.at}: expected ${expected}, got ${got}`)
  }
}
