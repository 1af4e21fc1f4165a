import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { checkout } from '../../infra/parts/directories.ts'
import { ensureHelm } from '../../infra/parts/helm.ts'

export const CHART = join(checkout, 'infra', 'helm', 'modelops-gateway')
export const NAMESPACE = 'modelops'

/** A file of the chart's `ci` folder, with complete values. */
export type ValuesFile = 'minimal' | 'full'
export const valuesFile = (name: ValuesFile) => join(CHART, 'ci', `${name}-values.yaml`)

export interface HelmResult {
  readonly ok: boolean
  readonly stdout: string
  readonly stderr: string
}

/** Runs Helm with these values. */
export async function helm(args: readonly string[], values: object = {}): Promise<HelmResult> {
  const program = await ensureHelm()
  return await new Promise((resolve) => {
    const child = execFile(program, [...args, '-f', '-'], { maxBuffer: 16_000_000 }, (error, stdout, stderr) =>
      resolve({ ok: error === null, stdout, stderr }),
    )
    child.stdin?.end(JSON.stringify(values))
  })
}

const TEMPLATE = ['template', 'gw', CHART, '--namespace', NAMESPACE]

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly data?: Readonly<Record<string, string>>
}

/** The manifests of one rendering. */
export class Manifests {
  readonly all: readonly Manifest[]

  constructor(text: string) {
    this.all = parseAllDocuments(text).flatMap((document) => {
      if (document.errors.length > 0) throw document.errors[0]
      const manifest = document.toJS() as Manifest | null
      return manifest === null ? [] : [manifest]
    })
  }

  get kinds(): string[] {
    return this.all.map(({ kind }) => kind).toSorted()
  }

  /** The one manifest of this kind, or the one of this kind and name. */
  one(kind: string, name?: string): Manifest {
    const found = this.all.filter((each) => each.kind === kind && (name === undefined || each.metadata.name === name))
    const [first] = found
    if (first === undefined || found.length > 1) throw new Error(`${found.length} of ${kind} ${name ?? ''}`)
    return first
  }
}

/** Renders the chart with the values of a file and overrides. @throws Error with Helm's message if it fails */
export async function render(file: ValuesFile, over?: object): Promise<Manifests> {
  const { ok, stdout, stderr } = await helm(TEMPLATE, valuesOf(file, over))
  if (!ok) throw new Error(stderr)
  return new Manifests(stdout)
}

/** Helm's error message for values that it must reject. */
export async function refusal(values: object): Promise<string> {
  const { ok, stderr } = await helm(TEMPLATE, values)
  if (ok) throw new Error('it was rendered')
  return stderr
}

/** The values of a file with overrides. `undefined` removes a key, `null` removes the default of the chart. */
export const valuesOf = (file: ValuesFile, over: object = {}): object =>
  merge(parse(readFileSync(valuesFile(file), 'utf8')), over)

export const isMapping = (value: unknown): value is object =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** Mappings are merged key by key, everything else is replaced. */
export function merge(base: object, over: object): object {
  const merged = Object.entries(over).map(([key, value]) => {
    const below: unknown = Reflect.get(base, key)
    return [key, isMapping(below) && isMapping(value) ? merge(below, value) : value]
  })
  return { ...base, ...Object.fromEntries(merged) }
}

/** The value at a dotted path, such as `spec.template.spec.containers.0.image`, or undefined. */
export function at(node: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((here, key) => {
    return here !== null && typeof here === 'object' ? Reflect.get(here, key) : undefined
  }, node)
}
