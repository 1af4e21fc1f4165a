/** An upstream of a route. */
export interface Upstream {
  /** Of the key that names it. */
  readonly path: string
  readonly url: string
  /** Of the route. */
  readonly index: number
  readonly publicUrl: string
}
