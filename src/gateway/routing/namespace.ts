import type { NamedNamespace } from '../policy/types.ts'

/** By namespace, the UUID of its project. */
export type NamespaceMap = ReadonlyMap<string, string>

/** What namespaces in headers mean. Each counts each time it occurs: the same one twice is one, two are ambiguous. */
export function readNamespaces(
  names: readonly string[],
  projects: NamespaceMap,
): NamedNamespace | 'ambiguous' | undefined {
  const [name] = names
  if (name === undefined) return undefined
  return names.every((other) => other === name) ? { name, projectId: projects.get(name) } : 'ambiguous'
}
