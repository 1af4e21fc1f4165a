/** A page of a list, and its order. */
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

/** A `like` pattern for text that contains `text`; use it with `escape '\'`. */
export const likeContaining = (text: string) => `%${text.replace(/[\\%_]/g, '\\$&')}%`
