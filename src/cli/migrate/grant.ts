/** A user of the basic-auth app. */
export interface User {
  readonly id: number
  readonly name: string
  readonly isAdmin: boolean
}

/** One permission of one user, whichever tables it came from. */
export interface Grant {
  readonly userId: number
  readonly workspace: string
  /** `workspace`, `experiment`, `registered_model`, ... */
  readonly type: string
  /** An id or name of that type, or `*`. */
  readonly pattern: string
  /** A level, or `DENY`. */
  readonly permission: string
  /** Role that carries it; undefined: granted to the user directly. */
  readonly role: string | undefined
}
