/** A file, and text that stands in the name of a test (or of a case) in it. */
export type Proof = readonly [file: string, name: string]

export interface Requirement {
  readonly id: string
  readonly text: string
  readonly tests: readonly Proof[]
}

export const row = (id: string, text: string, ...tests: Proof[]): Requirement => ({ id, text, tests })
