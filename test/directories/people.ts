import type { Directory } from '../../infra/parts/ldap-client.ts'

/** What a directory must do in its own way. */
export interface DirectoryUnderTest extends Directory {
  /** The group of `kate`, whose name has spaces, umlauts and, where the directory allows it, a slash: as Keycloak writes it. */
  readonly oddGroup: string
  /** The only group of `mallory`, which looks like that of a project: as Keycloak writes it. */
  readonly groupOfMallory: string
  setMember(group: string, username: string, isMember: boolean): Promise<void>
  disable(username: string): Promise<void>
}

/** Groups of the user `grace` beside `project-alpha`. */
export const MANY_GROUPS = Array.from({ length: 220 }, (_, i) => `department-with-a-rather-long-name-${i}`)

/** Bob is in `project-alpha`, `kate` in the group with the slash, `mallory` in a group named `teams/alpha`. */
export const USERS = ['bob', 'carol', 'dave', 'erin', 'grace', 'kate', 'mallory']
