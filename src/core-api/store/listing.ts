/** Which part of a list is wanted, and in which order. */
export interface Listing<Key extends string = string> {
  /** From 0. */
  readonly page: number
  readonly size: number
  readonly sort: { readonly by: Key; readonly direction: 'asc' | 'desc' }
}

export interface Page<T> {
  readonly items: readonly T[]
  readonly total: number
}

/** Escapes what `like` reads as a pattern; to be used with `escape '\'`. */
export const likeContaining = (text: string) => `%${text.replace(/[\\%_]/g, '\\$&')}%`
