/** A user of the basic-auth app. */
export interface User {
  readonly id: number
  readonly name: string
  readonly isAdmin: boolean
}

/** One permission of one user, from either shape of the database. */
export interface Grant {
  readonly userId: number
  readonly workspace: string
  /** `workspace`, `experiment`, `registered_model`, ... */
  readonly type: string
  /** An ID or name of that type, or `*`. */
  readonly pattern: string
  /** A level, or `DENY`. */
  readonly permission: string
  /** Role that grants it; undefined: granted to the user directly. */
  readonly role: string | undefined
}
