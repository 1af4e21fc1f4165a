import * as z from 'zod'
import { type Node, row } from '../docs/row.ts'
import { valuesSchema } from './values.ts'

/** `docs/reference/helm-values.md`. */
export function valuesPage(): string {
  const schema = z.toJSONSchema(valuesSchema, { io: 'input', unrepresentable: 'any' }) as Node
  return [
    '# Values of the Helm chart',
    '',
    'How to install it: [Kubernetes](../guides/deploy/kubernetes.md). Unknown values are rejected. The keys of `config` are those of',
    'the [configuration](configuration.md). This page is generated from the schema.',
    '',
    '| value | default | meaning |',
    '|---|---|---|',
    ...childRows('', schema),
    '',
  ].join('\n')
}

/** A mapping of the chart continues with its keys. An object of the Kubernetes API is one row. */
function childRows(path: string, { properties = {}, required = [] }: Node): string[] {
  return Object.entries(properties).flatMap(([key, child]) => {
    const at = path === '' ? key : `${path}.${key}`
    const named = child.additionalProperties
    if (typeof named === 'object' && named.properties)
      return [row(at, child, false), ...childRows(`${at}.<name>`, named)]
    return child.properties && !isKubernetes(child) ? childRows(at, child) : [row(at, child, required.includes(key))]
  })
}

const isKubernetes = ({ properties = {} }: Node) => 'matchLabels' in properties
