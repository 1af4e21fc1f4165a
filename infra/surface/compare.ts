import { DEPRECATED, type Entry, entryOf } from './entry.ts'

/** What a release changes of the public surface. */
export interface SurfaceChanges {
  readonly added: readonly Entry[]
  readonly removed: readonly Entry[]
  /** Still there, and announced to go. */
  readonly deprecated: readonly Entry[]
  /** With what users rely on now; `was` is the previous detail. */
  readonly changed: readonly (Entry & { readonly was: string })[]
}

/** @param previous Golden file of the previous release. @param current Golden file of this one */
export function compareSurfaces(previous: string, current: string): SurfaceChanges {
  const [before, now] = [byKey(previous), byKey(current)]
  const differing = [...now].flatMap(([key, entry]) => {
    const was = before.get(key)?.detail
    return was === undefined || was === entry.detail ? [] : [{ ...entry, was }]
  })
  const isDeprecation = ({ was, detail }: { was: string; detail?: string | undefined }) =>
    detail === `${was} ${DEPRECATED}`
  return {
    added: [...now].filter(([key]) => !before.has(key)).map(([, entry]) => entry),
    removed: [...before].filter(([key]) => !now.has(key)).map(([, entry]) => entry),
    deprecated: differing.filter(isDeprecation),
    changed: differing.filter((entry) => !isDeprecation(entry)),
  }
}

const byKey = (file: string) =>
  new Map(
    file
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.split('  ', 2).join('  '), entryOf(line)]),
  )

/** The section of one version: all of it, and the part under `### Breaking changes`. Both empty if there is none. */
export function changelogSection(changelog: string, version: string): { all: string; breaking: string } {
  const all = changelog.split(/^## /m).find((section) => section.split(/\s/, 1)[0] === version) ?? ''
  const breaking = all.split(/^### /m).find((part) => part.startsWith('Breaking changes')) ?? ''
  return { all, breaking }
}

/**
 * Each change that the CHANGELOG does not name, as a sentence that says what to do. An added or removed entry is also named
 * by the one that contains it, if that is as new (a command stands for its options, a section for its keys), and by one
 * that it contains.
 */
export function unnamedChanges(
  { added, removed, deprecated, changed }: SurfaceChanges,
  changelog: string,
  version: string,
): string[] {
  const { all, breaking } = changelogSection(changelog, version)
  const missing = (entries: readonly Entry[], text: string) =>
    entries.filter((entry) => !relatives(entry, entries).some(({ name }) => names(text, name)))
  const sentence = ({ kind, name }: Entry, what: string, where: string) =>
    `${kind} ${name} ${what}, and CHANGELOG.md does not say so. Add a line with \`${name}\` ${where} \`## ${version}\`.`
  const inBreaking = 'to `### Breaking changes` of'
  return [
    ...missing(removed, breaking).map((entry) => sentence(entry, 'is gone', inBreaking)),
    ...missing(changed, breaking).map((entry) => {
      const { was, detail } = entry as SurfaceChanges['changed'][number]
      return sentence(entry, `changed from "${was}" to "${detail}"`, inBreaking)
    }),
    ...missing(deprecated, all).map((entry) => sentence(entry, 'is deprecated', 'to')),
    ...missing(added, all).map((entry) => sentence(entry, 'is new', 'to')),
  ]
}

/** Whether the text has the name in backticks, alone or after the name of the program. */
const names = (text: string, name: string) => {
  const words = text.replaceAll(/\s+/g, ' ')
  return words.includes(`\`${name}\``) || words.includes(`\`modelops-gateway ${name}\``)
}

/** The entry itself, those that contain it, and those that it contains. */
const relatives = (entry: Entry, entries: readonly Entry[]) => [
  entry,
  ...entries.filter((other) => contains(other, entry) || contains(entry, other)),
]

const contains = (outer: Entry, inner: Entry) =>
  outer.kind === inner.kind &&
  inner.name.startsWith(outer.name) &&
  /^(\[\])?[ .]/.test(inner.name.slice(outer.name.length))
