import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync } from '@swc/core'
import { checkout } from '../../../infra/parts/directories.ts'

/** A node of the syntax tree, as swc writes it. Offsets are bytes, counted on from file to file. */
interface Node {
  readonly type: string
  readonly span?: { readonly start: number; readonly end: number }
  readonly [member: string]: unknown
}

/** Where the counters of the instrumented modules are. */
export const COUNTERS = '__fuzzCounters'

/** An edge: a branch or a function that an input can reach. */
export interface Edge {
  /** Below `src`. */
  readonly file: string
  readonly line: number
}

export interface Instrumented {
  readonly edges: readonly Edge[]
  /** Texts in the sources: what the parsers compare with. */
  readonly texts: ReadonlySet<string>
}

/** Most edges: the counters have a fixed length, because modules are loaded one after the other. */
export const MAX_EDGES = 65_536

/**
 * From now on, modules below `src` whose path `covers` are loaded with a counter on each branch. The types are replaced by
 * blanks, so that lines stay lines.
 */
export function instrumentModules(covers: (file: string) => boolean): Instrumented {
  const edges: Edge[] = []
  const texts = new Set<string>()
  registerHooks({
    load(url, context, next) {
      const file = url.startsWith('file:') ? relative(join(checkout, 'src'), fileURLToPath(url)) : '..'
      if (file.startsWith('..') || !covers(file)) return next(url, context)
      // The first token is at the offset where this file begins in swc's count.
      const source = `;${stripTypeScriptTypes(readFileSync(new URL(url), 'utf8'))}`
      return { format: 'module', source: instrument(source, file, edges, texts), shortCircuit: true }
    },
  })
  return { edges, texts }
}

/** Inserts a counter into each branch of a module. */
export function instrument(source: string, file: string, edges: Edge[], texts: Set<string>): string {
  const bytes = Buffer.from(source)
  const program = parseSync(source, { syntax: 'ecmascript', target: 'es2024' }) as unknown as Node
  const base = spanOf((program.body as Node[])[0] as Node).start
  const insertions: { readonly at: number; readonly text: string; readonly closes: boolean }[] = []

  const counter = (at: number) => {
    const line = bytes.subarray(0, at).toString('latin1').split('\n').length
    edges.push({ file, line })
    if (edges.length > MAX_EDGES) throw new Error(`more than ${MAX_EDGES} edges: instrument fewer files`)
    return `${COUNTERS}[${edges.length - 1}]++`
  }
  const around = (node: Node, open: (counter: string) => string, close: string) => {
    const { start, end } = spanOf(node)
    insertions.push({ at: start - base, text: open(counter(start - base)), closes: false })
    insertions.push({ at: end - base, text: close, closes: true })
  }
  const branch = (node: unknown) => {
    if (!isNode(node)) return
    if (node.type === 'BlockStatement' || node.type === 'FunctionBody') {
      const at = spanOf(node).start - base
      insertions.push({ at: at + 1, text: `${counter(at)};`, closes: false })
    } else if (node.type.endsWith('Statement')) around(node, (each) => `{${each};`, '}')
    else around(node, (each) => `(${each},`, ')')
  }
  const before = (node: Node | undefined) => {
    if (node === undefined) return
    const at = spanOf(node).start - base
    insertions.push({ at, text: `${counter(at)};`, closes: false })
  }
  const visit = (node: Node) => {
    if (node.type === 'StringLiteral' && typeof node.value === 'string') texts.add(node.value)
    if (node.type === 'RegExpLiteral')
      for (const [word] of String(node.pattern).matchAll(/[\w.-]{2,}/g)) texts.add(word)
    for (const part of branchesOf(node)) branch(part)
    if (node.type === 'SwitchCase') before((node.consequent as Node[])[0])
    for (const value of Object.values(node)) for (const child of Array.isArray(value) ? value : [value]) walk(child)
  }
  // Arguments and array elements are wrapped: their node is in `expression`.
  const walk = (value: unknown) => {
    if (isNode(value)) visit(value)
    else if (value !== null && typeof value === 'object') for (const child of Object.values(value)) walk(child)
  }
  visit(program)
  return splice(bytes, insertions)
}

/** What a node runs only in some cases. */
function branchesOf(node: Node): unknown[] {
  switch (node.type) {
    case 'IfStatement':
    case 'ConditionalExpression':
      return [node.consequent, node.alternate]
    case 'BinaryExpression':
      return ['&&', '||', '??'].includes(String(node.operator)) ? [node.right] : []
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
    case 'CatchClause':
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
    case 'ClassMethod':
    case 'PrivateMethod':
    case 'Constructor':
    case 'GetterProperty':
    case 'MethodProperty':
      return [node.body, (node.function as Node | undefined)?.body]
    default:
      return []
  }
}

function splice(bytes: Buffer, insertions: readonly { at: number; text: string; closes: boolean }[]): string {
  // At one place, what ends comes before what begins; of two that end, the inner one is first, and was found last.
  const order = insertions
    .map((each, found) => ({ ...each, found }))
    .sort(
      (a, b) =>
        a.at - b.at || Number(b.closes) - Number(a.closes) || (a.closes ? b.found - a.found : a.found - b.found),
    )
  let [text, at] = ['', 0]
  for (const each of order) {
    text += bytes.toString('utf8', at, each.at) + each.text
    at = each.at
  }
  return `const ${COUNTERS} = globalThis.${COUNTERS}${text}${bytes.toString('utf8', at)}`
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'

function spanOf({ span, type }: Node): { start: number; end: number } {
  if (span === undefined) throw new Error(`a ${type} has no span`)
  return span
}
