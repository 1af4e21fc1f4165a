import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml'
import { syntaxError } from './errors/syntax-errors.ts'
import type { FieldError, Position } from './field-errors.ts'
import type { Path } from './schema-walk.ts'

/** A value in the file, or the key of one. Offsets count characters from the start of the file. */
export interface Span {
  readonly path: Path
  readonly isKey: boolean
  /** A mapping or a list as a key, which no settings have. */
  readonly isCollection?: true
  readonly start: number
  readonly end: number
}

const unresolvedAlias: FieldError = {
  path: '',
  expected: 'quotes around a value that starts with `*`, or an anchor (`&name`) further up',
  got: 'an alias without an anchor',
  hint: 'Put the value in quotes.',
}

const endlessAlias: FieldError = {
  path: '',
  expected: 'an alias of a value that ends further up',
  got: 'an alias within the value that it stands for',
  hint: 'Write the value out.',
}

/** A parsed YAML file that knows where each of its values is. */
export class SettingsDocument {
  readonly text: string
  /** Why the text has no meaning: one syntax error, because those that follow it are consequences, or all duplicate keys. */
  readonly errors: readonly FieldError[]
  /** Whether the text could be parsed. */
  readonly isParsed: boolean
  readonly #document: Document
  readonly #lines = new LineCounter()

  constructor(text: string) {
    this.text = text
    // The library warns of a mapping or a list as a key with its text, which may be a secret: `{{ secret }}` is one.
    const logLevel = 'error'
    this.#document = parseDocument(text, { uniqueKeys: true, prettyErrors: false, lineCounter: this.#lines, logLevel })
    const found = [...this.#document.errors, ...this.#document.warnings]
    const syntax = found.find(({ code }) => code !== 'DUPLICATE_KEY')
    this.isParsed = syntax === undefined
    const relevant = syntax ? [syntax] : found
    this.errors = [
      ...relevant.map((error) => syntaxError(text, error, this.#lines.linePos(error.pos[0]))),
      ...(syntax ? [] : this.#aliasErrors()),
    ]
  }

  /** The top of the file, for those who change it before it becomes a value. */
  get contents(): unknown {
    return this.#document.contents
  }

  /** @throws ReferenceError for an alias that is expanded too often */
  toValue(): unknown {
    return this.#document.toJS({ maxAliasCount: 100 })
  }

  /**
   * Where a value is, or its key; of a key that is not in the file the mapping that it belongs to.
   * @param path Dotted; keys may contain dots themselves
   */
  positionOf(path: string, prefer: 'key' | 'value' = 'value'): Position | undefined {
    let node = this.#document.contents as Node | null
    let [key, rest]: [Node | undefined, string] = [undefined, path]
    while (rest !== '') {
      const entry = this.#entry(node, rest)
      if (entry === undefined) return key && this.#positionOf(key)
      node = entry.value
      key = entry.key ?? node ?? key
      rest = rest.slice(entry.name.length + 1)
    }
    const onOneLine = node?.range && !this.text.slice(node.range[0], node.range[1]).trim().includes('\n')
    const target = prefer === 'value' && node !== null && onOneLine && node.range?.[0] !== node.range?.[1] ? node : key
    return target && this.#positionOf(target)
  }

  /** Every key of the file, and every value that is no mapping and no list. */
  spans(): Span[] {
    return spansOf(this.#document.contents, [])
  }

  #aliasErrors(): FieldError[] {
    const errors: FieldError[] = []
    visit(this.#document, {
      Alias: (_key, alias, above) => {
        const target = alias.resolve(this.#document)
        if (target !== undefined && !above.includes(target)) return
        const error = target === undefined ? unresolvedAlias : endlessAlias
        errors.push({ ...error, ...(alias.range && { position: this.#positionOf(alias) as Position }) })
      },
    })
    return errors
  }

  #entry(node: Node | null, rest: string): { name: string; key: Node | undefined; value: Node | null } | undefined {
    const target = isAlias(node) ? (node as Alias).resolve(this.#document) : node
    const named = (name: string) => rest === name || rest.startsWith(`${name}.`)
    if (isSeq(target)) {
      const index = target.items.findIndex((_, at) => named(String(at)))
      return index < 0 ? undefined : { name: String(index), key: undefined, value: target.items[index] as Node }
    }
    if (!isMap(target)) return undefined
    const names = target.items.map(({ key }) => String(isScalar(key) ? key.value : key))
    const best = names.filter(named).sort((a, b) => b.length - a.length)[0]
    if (best === undefined) return undefined
    const pair = target.items[names.lastIndexOf(best)]
    return { name: best, key: pair?.key as Node, value: (pair?.value ?? null) as Node | null }
  }

  #positionOf({ range }: Node): Position | undefined {
    if (!range) return undefined
    const { line, col } = this.#lines.linePos(range[0])
    const [firstLine = ''] = this.text.slice(range[0], range[1]).split('\n')
    return { line, column: col, length: Math.max(1, firstLine.trimEnd().length) }
  }
}

function spansOf(node: unknown, path: Path): Span[] {
  if (isSeq(node)) return node.items.flatMap((item, index) => spansOf(item, [...path, String(index)]))
  if (isMap(node)) {
    return node.items.flatMap(({ key, value }) => {
      const at = [...path, String(isScalar(key) ? key.value : key)]
      return [...spanOf(key, at, true), ...spansOf(value, at)]
    })
  }
  return spanOf(node, path, false)
}

function spanOf(node: unknown, path: Path, isKey: boolean): Span[] {
  const isCollection = isMap(node) || isSeq(node)
  const range = isScalar(node) || isAlias(node) || isCollection ? node.range : undefined
  return range ? [{ path, isKey, start: range[0], end: range[1], ...(isCollection && { isCollection }) }] : []
}
