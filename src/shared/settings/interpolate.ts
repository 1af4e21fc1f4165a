import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { FieldError } from './field-errors.ts'

const REFERENCE = /\$\{(env|file):([^}]*)\}/g

/**
 * Replaces `${env:NAME}` and `${file:PATH}` in every string of a configuration. A file's trailing newline is dropped, a
 * relative path starts at the configuration's folder. What cannot be read becomes a fault that names it.
 */
export function interpolate(
  raw: unknown,
  file: string,
  env: NodeJS.ProcessEnv,
): { value: unknown; faults: FieldError[] } {
  const faults: FieldError[] = []
  const folder = dirname(resolve(file))

  const read = (kind: string, name: string, path: string): string => {
    if (kind === 'env') {
      const value = env[name]
      if (value !== undefined && value !== '') return value
      faults.push({
        path,
        expected: `the environment variable ${name}`,
        got: value === undefined ? 'nothing: it is not set' : 'an empty value',
      })
      return ''
    }
    try {
      return readFileSync(resolve(folder, name), 'utf8').replace(/\r?\n$/, '')
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
      faults.push({ path, expected: `a readable file ${name}`, got: code })
      return ''
    }
  }
  const walk = (node: unknown, path: string): unknown => {
    if (typeof node === 'string')
      return node.replace(REFERENCE, (_all, kind: string, name: string) => read(kind, name, path))
    if (Array.isArray(node)) return node.map((item, index) => walk(item, path ? `${path}.${index}` : String(index)))
    if (node !== null && typeof node === 'object') {
      return Object.fromEntries(
        Object.entries(node).map(([key, item]) => [key, walk(item, path ? `${path}.${key}` : key)]),
      )
    }
    return node
  }
  return { value: walk(raw, ''), faults }
}
