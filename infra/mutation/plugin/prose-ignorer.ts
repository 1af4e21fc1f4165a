/** The part of Babel's `NodePath` that is read here. */
interface NodePath {
  readonly node: {
    readonly type: string
    readonly callee?: { readonly name?: string }
    readonly key?: { readonly name?: string }
  }
  readonly parentPath: NodePath | null
  readonly listKey?: string | null
  readonly key?: string | number | null
}

/** Errors, functions that make one, and which of their arguments are text for people. */
const TEXTS: Readonly<Record<string, readonly number[]>> = {
  Error: [0],
  TypeError: [0],
  TokenRejected: [0],
  Refusal: [1, 2],
  invalidToken: [0, 1],
  invalidProof: [0, 1],
  wrongUse: [0, 1],
  wrongCertificate: [0, 1],
  wrongCredentials: [0],
  refusedExchange: [0],
  invalidExchange: [0],
  issuerOutage: [0],
  unusable: [0],
}

/**
 * Leaves out the words of errors: tests assert the reason of a denial, not its prose. Whether there is an error, its class,
 * its reason and its headers stay in.
 */
export const proseIgnorer = {
  shouldIgnore(path: NodePath): string | undefined {
    if (path.node.type !== 'StringLiteral' && path.node.type !== 'TemplateLiteral') return undefined
    for (let at: NodePath | null = path; at !== null; at = at.parentPath) {
      if (at.node.key?.name === 'headers') return undefined
      const called = at.parentPath?.node.callee?.name
      if (called === undefined || at.listKey !== 'arguments') continue
      if (TEXTS[called]?.includes(Number(at.key))) return 'the words of an error'
    }
    return undefined
  },
}
