import type { Path } from '../schema-walk.ts'

/** A mistake, before it is known where it is in the file and how its value may be shown. */
export interface Finding {
  readonly path: Path
  readonly expected: string
  /** Absent: a description of the value at `path`. */
  readonly got?: string
  readonly hint?: string
  /** The mistake is the key itself, not its value. */
  readonly isKey?: boolean
}
