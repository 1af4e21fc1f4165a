import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { FieldError } from './field-errors.ts'
import { readFailure } from './read-file.ts'
import type { Path } from './schema-walk.ts'

export const REFERENCE = /\$\{(env|file):([^}]*)\}/g

export interface Interpolated {
  readonly value: unknown
  readonly errors: readonly FieldError[]
  /** Dotted paths of the values that contain references, each with its text as it is in the file. */
  readonly references: ReadonlyMap<string, string>
  /** Those of them with a variable that is not set or a file that cannot be read. */
  readonly missing: ReadonlySet<string>
}

export interface InterpolateOptions {
  /** Where relative paths start. */
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  /** Stands for a value with a missing reference. Absent: that is an error, and the reference becomes empty. */
  readonly placeholder?: (text: string, path: Path) => string
  /** Called for each file that was read. @param key Dotted path of the value */
  readonly onFile?: ((key: string, file: string) => void) | undefined
}

/** Replaces `${env:NAME}` and `${file:PATH}` in every string. The last line end of a file is dropped. */
export function interpolate(raw: unknown, { folder, env, placeholder, onFile }: InterpolateOptions): Interpolated {
  const errors: FieldError[] = []
  const references = new Map<string, string>()
  const missing = new Set<string>()

  const replaceIn = (text: string, path: Path): string => {
    const dotted = path.join('.')
    const results = [...text.matchAll(REFERENCE)].map(([, kind = '', name = '']) =>
      read(kind, name, folder, env, (file) => onFile?.(dotted, file)),
    )
    if (results.length === 0) return text
    references.set(dotted, text)
    const failures = results.flatMap((result) => (typeof result === 'string' ? [] : [{ path: dotted, ...result }]))
    if (failures.length > 0) missing.add(dotted)
    if (failures.length > 0 && placeholder) return placeholder(text, path)
    errors.push(...failures)
    let next = 0
    return text.replace(REFERENCE, () => {
      const result = results[next++]
      return typeof result === 'string' ? result : ''
    })
  }
  const walk = (node: unknown, path: Path): unknown => {
    if (typeof node === 'string') return replaceIn(node, path)
    if (Array.isArray(node)) return node.map((item, index) => walk(item, [...path, String(index)]))
    if (node === null || typeof node !== 'object') return node
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, walk(item, [...path, key])]))
  }
  return { value: walk(raw, []), errors, references, missing }
}

function read(
  kind: string,
  name: string,
  folder: string,
  env: NodeJS.ProcessEnv,
  onFile: (file: string) => void,
): string | Omit<FieldError, 'path'> {
  if (kind === 'env') {
    const value = env[name]
    if (value !== undefined && value !== '') return value
    const got = value === undefined ? 'nothing; it is not set' : 'an empty value'
    return {
      expected: `the environment variable ${name}`,
      got,
      hint: `Set ${name} for the process that runs the gateway.`,
    }
  }
  const file = resolve(folder, name)
  try {
    const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '')
    onFile(file)
    return text
  } catch (error) {
    return {
      expected: `a readable file ${file}`,
      got: readFailure(error),
      hint: 'Check the path and the permissions of the file.',
    }
  }
}
