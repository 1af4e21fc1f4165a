import * as z from 'zod'

/** When a changed value takes effect: with a reload (SIGHUP), or only in a new process. */
export type TakesEffect = 'reload' | 'restart'

/** A name that a key had before. It is accepted, with a warning, until the version that removes it. */
export interface RenamedKey {
  readonly from: string
  /** The first version that rejects the previous name. `docs/reference/stability.md` says how long that takes. */
  readonly removedIn: string
}

/** A key that means the same as several others of its mapping together. */
export interface ReplacedKey {
  readonly by: readonly string[]
  readonly removedIn: string
}

/** What the loader and the reference need to know of a field, beside its type and description. */
export interface FieldMetadata {
  /** A section states it; a key of the section may override it. */
  readonly reload?: TakesEffect
  readonly renamed?: RenamedKey
  readonly replaced?: ReplacedKey
  /** The value may contain a password: it is never shown. */
  readonly secret?: boolean
  /** The value is a path, or contains one after `sqlite:`. A relative one starts at the folder of the file it is in. */
  readonly path?: 'path' | 'sqlite'
}

export const metadata = z.registry<FieldMetadata>()
