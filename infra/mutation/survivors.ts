import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import * as z from 'zod'
import type { Report } from './stryker.ts'

const entry = z.strictObject({
  file: z.string(),
  /** The line of the source where the changed code begins. */
  line: z.string(),
  /** Each as `code → replacement`. One that occurs twice on the line is there twice. */
  mutants: z.array(z.string()).min(1),
  /** Why no test can notice, or need not. */
  why: z.string().min(20, 'expected the reason why no test notices'),
})

/** Mutants of one line that no test notices. */
export type Survivors = z.infer<typeof entry>

export const survivorsFile = (room: string): string => join('infra', 'mutation', 'survivors', `${room}.yaml`)

/** The accepted survivors of a room, each with its reason. @throws ZodError */
export function acceptedSurvivors(room: string): Survivors[] {
  const text = readFileSync(join(import.meta.dirname, 'survivors', `${room}.yaml`), 'utf8')
  return z.array(entry).parse(parse(text) ?? [])
}

const NOT_NOTICED: ReadonlySet<string> = new Set(['Survived', 'NoCoverage'])

/** What no test noticed in a run, in the same form. */
export function survivorsOf({ files }: Report): Omit<Survivors, 'why'>[] {
  const found = new Map<string, Omit<Survivors, 'why'>>()
  for (const [file, { source, mutants }] of Object.entries(files)) {
    const lines = source.split('\n')
    for (const { status, location, replacement = '' } of mutants) {
      if (!NOT_NOTICED.has(status)) continue
      const line = oneLine(lines[location.start.line - 1] ?? '')
      const at = found.get(`${file} ${line}`) ?? { file, line, mutants: [] }
      at.mutants.push(`${oneLine(textAt(lines, location))} → ${oneLine(replacement) || 'nothing'}`)
      found.set(`${file} ${line}`, at)
    }
  }
  return [...found.values()]
}

/** Long code is cut: it only has to be told apart. */
export const oneLine = (text: string) => text.trim().replace(/\s+/g, ' ').slice(0, 200)

function textAt(lines: readonly string[], { start, end }: Report['files'][string]['mutants'][number]['location']) {
  const part = lines.slice(start.line - 1, end.line)
  part[part.length - 1] = (part.at(-1) ?? '').slice(0, end.column - 1)
  part[0] = (part[0] ?? '').slice(start.column - 1)
  return part.join('\n')
}

export interface Difference {
  /** Survived, and are not in the file. */
  readonly unexplained: readonly Omit<Survivors, 'why'>[]
  /** Are in the file, and a test notices them now, or the code is another one. */
  readonly stale: readonly Omit<Survivors, 'why'>[]
}

/** Compares what survived with what is accepted. */
export function compareSurvivors(
  found: readonly Omit<Survivors, 'why'>[],
  accepted: readonly Omit<Survivors, 'why'>[],
): Difference {
  return { unexplained: without(found, accepted), stale: without(accepted, found) }
}

/** The mutants of the first list that are not in the second one, each as often as it is there too often. */
function without(list: readonly Omit<Survivors, 'why'>[], other: readonly Omit<Survivors, 'why'>[]) {
  const keys = other.flatMap(({ file, line, mutants }) => mutants.map((mutant) => `${file} ${line} ${mutant}`))
  return list.flatMap(({ file, line, mutants }) => {
    const left = mutants.filter((mutant) => {
      const at = keys.indexOf(`${file} ${line} ${mutant}`)
      if (at >= 0) keys.splice(at, 1)
      return at < 0
    })
    return left.length === 0 ? [] : [{ file, line, mutants: left }]
  })
}
