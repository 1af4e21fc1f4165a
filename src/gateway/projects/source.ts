import { Refusal } from '../errors.ts'
import type { ProjectSnapshot } from '../policy/types.ts'

/** Where projects come from. Both methods return at once: a source does its I/O in the background. */
export interface ProjectSource {
  /** The projects that are known now. Undefined until the source has delivered any. */
  snapshot(): ProjectSnapshot | undefined
  /** A request named a project that the snapshot lacks. It may be new, so the source may refresh itself soon. */
  reportUnknown(): void
}

/** A source whose projects never change. */
export const fixedSource = (snapshot: ProjectSnapshot): ProjectSource => ({
  snapshot: () => snapshot,
  reportUnknown: () => undefined,
})

/** @throws Refusal projects-down */
export function currentProjects(source: ProjectSource): ProjectSnapshot {
  const snapshot = source.snapshot()
  if (!snapshot) throw new Refusal('projects-down', 'the source of projects has not delivered any yet')
  return snapshot
}
