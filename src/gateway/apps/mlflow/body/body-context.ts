/** An identifier that must belong to the caller's project. */
export interface Reference {
  readonly kind: string
  readonly id: string
  /** The trace that an assessment belongs to. */
  readonly trace: string | undefined
  /** What is done when it does not belong to the project. Absent: the request is refused. */
  readonly otherwise?: () => void
}

/** What is known of the request around a body. */
export interface BodyContext {
  readonly author: string
  /** Parameters of the path by name. */
  readonly path: Readonly<Record<string, string>>
  /** The identifier that stands for experiment `0`; undefined: it is not replaced. */
  readonly defaultExperiment: string | undefined
  /** Turns an identifier that a client chose into one of the project's own. */
  readonly derive: (id: string, trace: string | undefined) => string
  /** Filled by the check: what must be looked up before the request is forwarded. */
  readonly references: Reference[]
  /** The trace that the current message is about. */
  readonly trace: string | undefined
}
