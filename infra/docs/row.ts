/** What the reference pages read of a JSON Schema. */
export interface Node {
  type?: string
  description?: string
  default?: unknown
  deprecated?: boolean
  enum?: unknown[]
  const?: unknown
  properties?: Record<string, Node>
  additionalProperties?: Node | boolean
  required?: string[]
  items?: Node
  oneOf?: Node[]
  anyOf?: Node[]
}

/** One row of a table: key, default, meaning. */
export function row(path: string, node: Node, required: boolean, restart = false): string {
  const value = node.default === undefined ? (required ? 'required' : '') : `\`${JSON.stringify(node.default)}\``
  const choices = node.enum ?? (node.const === undefined ? undefined : [node.const])
  const oneOf = choices ? ` One of ${choices.map((choice) => `\`${choice}\``).join(', ')}.` : ''
  return `| \`${path}\` | ${value} | ${`${node.description ?? ''}${oneOf}${restart ? ' **restart**' : ''}`.replaceAll('|', '\\|').trim()} |`
}
