import * as z from 'zod'

/** When a changed value takes effect: with a reload (SIGHUP), or only in a new process. */
export type TakesEffect = 'reload' | 'restart'

/** What the loader and the reference need to know of a field, beside its type and description. */
export interface FieldMetadata {
  /** A section states it; a key of the section may override it. */
  readonly reload?: TakesEffect
  /** A name that the key had before. It is accepted, with a warning, for one release. */
  readonly previousName?: string
  /** The value may contain a password: it is never shown. */
  readonly secret?: boolean
  /** The value is a path, or contains one after `sqlite:`. A relative one starts at the folder of the file it is in. */
  readonly path?: 'path' | 'sqlite'
}

export const metadata = z.registry<FieldMetadata>()
