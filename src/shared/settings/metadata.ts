import { z } from 'zod'

/** When a changed value takes effect: with a reload (SIGHUP), or only in a new process. */
export type TakesEffect = 'reload' | 'restart'

/** What the loader and the reference need to know of a field, beside its type and description. */
export interface FieldMetadata {
  /** A section states it; a key of the section may override it. */
  readonly reload?: TakesEffect
}

export const metadata = z.registry<FieldMetadata>()
