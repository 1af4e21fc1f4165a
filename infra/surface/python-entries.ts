import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PYTHON_PACKAGES } from '../package/python-packages.ts'
import type { Entry } from './entry.ts'

/** What users of the Python packages name: entry points, commands, variables, options of Airflow, and auth managers. */
export const pythonEntries = (): Entry[] =>
  PYTHON_PACKAGES.flatMap(({ name, folder }) => {
    const module = name.replaceAll('-', '_')
    const source = sourcesOf(join(folder, 'src', module))
    const project = readFileSync(join(folder, 'pyproject.toml'), 'utf8')
    return [
      ...entryPoints(project).map(([group, point, object]) => ({
        kind: 'python-entry-point',
        name: `${group}:${point}`,
        detail: object,
      })),
      ...commands(source).map((command) => ({ kind: 'python-command', name: `python -m ${module} ${command}` })),
      ...matches(source, /"(MODELOPS_[A-Z_]+)"/g).map((variable) => ({ kind: 'python-variable', name: variable })),
      ...matches(source, /\boption\("([a-z_]+)"/g).map((option) => ({
        kind: 'airflow-option',
        name: `[modelops_gateway] ${option}`,
      })),
      ...matches(source, /^class (\w+AuthManager)\(/gm).map((manager) => ({ kind: 'python-class', name: manager })),
      ...matches(source, /^class (\w+Error)\(/gm).map((error) => ({ kind: 'python-class', name: error })),
    ]
  })

const sourcesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.py'))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n')

const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = '']) => name)

/** `[project.entry-points.GROUP]` of a pyproject.toml: group, name, object. */
function entryPoints(project: string): [string, string, string][] {
  return [...project.matchAll(/^\[project\.entry-points\."([^"]+)"\]\n((?:\w+ = .*\n)+)/gm)].flatMap(
    ([, group = '', lines = '']) =>
      [...lines.matchAll(/^(\w+) = "([^"]+)"$/gm)].map(([, point = '', object = '']): [string, string, string] => [
        group,
        point,
        object,
      ]),
  )
}

/** `VERB`, and `VERB --option` of argparse. A parser of a verb is created before its options are added. */
function commands(source: string): string[] {
  let verb = ''
  return [...source.matchAll(/\.add_(parser|argument)\(\s*"([\w-]+)"/g)].map(([, kind, word = '']) => {
    if (kind === 'parser') verb = word
    return kind === 'parser' ? word : `${verb} ${word}`
  })
}
