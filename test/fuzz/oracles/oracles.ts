import { ensureMlflow } from '../../../infra/parts/mlflow.ts'
import { ensureProxies } from '../../../infra/parts/proxies.ts'
import { openNginx } from './nginx.ts'
import { openNode } from './node.ts'
import type { Oracle, Parser, Reading } from './oracle.ts'
import { openPython } from './python.ts'

/** All other parsers, each opened when it is first needed. */
export class Oracles {
  readonly #open = new Map<string, Promise<Oracle>>()
  readonly #only: ReadonlySet<string> | undefined

  /** @param only Which of `node`, `nginx` and `python` to open. Default: all */
  constructor(only?: readonly ('node' | 'nginx' | 'python')[]) {
    this.#only = only && new Set(only)
  }

  /** Whether a parser may be asked. */
  has(parser: Parser): boolean {
    return this.#only?.has(ownerOf(parser)) ?? true
  }

  async read(parser: Parser, inputs: readonly string[]): Promise<readonly Reading[]> {
    const owner = ownerOf(parser)
    const opened = this.#open.get(owner) ?? openers[owner]()
    this.#open.set(owner, opened)
    return (await opened).read(parser, inputs)
  }

  async close(): Promise<void> {
    for (const opened of this.#open.values()) await (await opened).close()
    this.#open.clear()
  }
}

const openers: Readonly<Record<'node' | 'nginx' | 'python', () => Promise<Oracle>>> = {
  node: async () => openNode(),
  nginx: async () => {
    await ensureProxies()
    return await openNginx()
  },
  python: async () => openPython(await ensureMlflow()),
}

const ownerOf = (parser: Parser) =>
  parser.startsWith('node:') ? 'node' : parser.startsWith('nginx:') ? 'nginx' : 'python'
