/** A user of the embedded issuer. The password is always `<username>-pw`. */
export interface IssuerUser {
  readonly username: string
  /** Stable, and different from the user name, so that tests detect code that confuses the two. */
  readonly subject: string
  readonly name: string
  readonly groups: readonly string[]
  readonly enabled: boolean
}

export const ALPHA = '11111111-1111-4111-8111-111111111111'
export const BETA = '22222222-2222-4222-8222-222222222222'

const PROJECT_OF_GROUP: Readonly<Record<string, string>> = { 'project-alpha': ALPHA, 'project-beta': BETA }

const user = (username: string, digit: number, groups: readonly string[]): IssuerUser => ({
  username,
  subject: `5a4e0000-0000-4000-8000-00000000000${digit}`,
  name: `${username.charAt(0).toUpperCase()}${username.slice(1)} Example`,
  groups,
  enabled: true,
})

/** The same users as in `infra/keycloak/shared-realm.json`. */
export const USERS: readonly IssuerUser[] = [
  user('alice', 1, ['modelops-admins']),
  user('bob', 2, ['project-alpha']),
  user('carol', 3, ['project-beta']),
  user('dave', 4, ['project-alpha', 'project-beta']),
  user('erin', 5, []),
]

/** Group claims. Like Keycloak, a user without groups has no claim at all instead of an empty list. */
export function groupClaims(groups: readonly string[]): { groups?: string[]; project_ids?: string[] } {
  const projects = groups.flatMap((group) => PROJECT_OF_GROUP[group] ?? [])
  return {
    ...(groups.length > 0 && { groups: [...groups] }),
    ...(projects.length > 0 && { project_ids: projects }),
  }
}

/** The users, which can change while the issuer runs. */
export class Directory {
  readonly #users: Map<string, IssuerUser>

  constructor(users: readonly IssuerUser[] = USERS) {
    this.#users = new Map(users.map((each) => [each.username, each]))
  }

  all(): IssuerUser[] {
    return [...this.#users.values()]
  }

  /** Adds a user, or replaces the one with that name. */
  add(user: IssuerUser): void {
    this.#users.set(user.username, user)
  }

  bySubject(subject: string): IssuerUser | undefined {
    return this.all().find((each) => each.subject === subject && each.enabled)
  }

  /** The user with this name and password. Undefined if there is none, or if the user is disabled. */
  authenticate(username: string, password: string): IssuerUser | undefined {
    const found = this.#users.get(username)
    return found?.enabled && password === `${username}-pw` ? found : undefined
  }

  /** @throws RangeError if the user does not exist */
  change(username: string, change: Partial<Pick<IssuerUser, 'groups' | 'enabled'>>): void {
    const found = this.#users.get(username)
    if (found === undefined) throw new RangeError(`no user ${username}`)
    this.#users.set(username, { ...found, ...change })
  }
}
