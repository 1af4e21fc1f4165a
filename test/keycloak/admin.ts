import type { Keycloak } from '../../infra/parts/keycloak.ts'

/** The calls of Keycloak's admin REST API that the tests need. */
export class KeycloakAdmin {
  readonly #keycloak: Pick<Keycloak, 'origin' | 'adminUrl'>
  #token = ''

  constructor(keycloak: Pick<Keycloak, 'origin' | 'adminUrl'>) {
    this.#keycloak = keycloak
  }

  async signIn(): Promise<void> {
    const body = new URLSearchParams({
      grant_type: 'password',
      client_id: 'admin-cli',
      username: 'admin',
      password: 'admin',
    })
    const url = `${this.#keycloak.origin}/realms/master/protocol/openid-connect/token`
    const response = (await (await fetch(url, { method: 'POST', body })).json()) as { access_token: string }
    this.#token = response.access_token
  }

  /** Imports a realm. The administrator's token is for realms that existed when it was issued: sign in again. */
  async createRealm(realm: object): Promise<void> {
    await this.#request('POST', `${this.#keycloak.origin}/admin/realms`, realm)
  }

  async removeRealm(): Promise<void> {
    await this.#call('DELETE', '')
  }

  async addToGroup(username: string, group: string): Promise<void> {
    const [userId, groupId] = await Promise.all([this.#userId(username), this.#groupId(group)])
    await this.#call('PUT', `/users/${userId}/groups/${groupId}`)
  }

  async removeFromGroup(username: string, group: string): Promise<void> {
    const [userId, groupId] = await Promise.all([this.#userId(username), this.#groupId(group)])
    await this.#call('DELETE', `/users/${userId}/groups/${groupId}`)
  }

  async disable(username: string): Promise<void> {
    await this.setEnabled(username, false)
  }

  async setEnabled(username: string, enabled: boolean): Promise<void> {
    await this.setUser(username, { enabled })
  }

  /** Changes attributes of a user. */
  async setUser(username: string, changes: Record<string, unknown>): Promise<void> {
    await this.#call('PUT', `/users/${await this.#userId(username)}`, changes)
  }

  /** Changes settings of the realm. */
  async setRealm(settings: Record<string, unknown>): Promise<void> {
    await this.#call('PUT', '', settings)
  }

  /** IDs of the user's sessions at Keycloak. */
  async sessionsOf(username: string): Promise<string[]> {
    const found = await this.#call('GET', `/users/${await this.#userId(username)}/sessions`)
    return (found as { id: string }[]).map(({ id }) => id)
  }

  async endSession(id: string): Promise<void> {
    await this.#call('DELETE', `/sessions/${id}`)
  }

  async logOut(username: string): Promise<void> {
    await this.#call('POST', `/users/${await this.#userId(username)}/logout`)
  }

  /** Changes attributes of a client, and what else is named. */
  async setClient(clientId: string, attributes: Record<string, string>, changes: object = {}): Promise<void> {
    const [found] = (await this.#call('GET', `/clients?clientId=${clientId}`)) as { id: string; attributes: object }[]
    if (found === undefined) throw new Error(`Keycloak has no client ${clientId}`)
    await this.#call('PUT', `/clients/${found.id}`, {
      ...{ ...found, ...changes },
      attributes: { ...found.attributes, ...attributes },
    })
  }

  async addIdentityProvider(provider: { alias: string; providerId: string; config: object }): Promise<void> {
    await this.#call('POST', '/identity-provider/instances', { enabled: true, hideOnLogin: true, ...provider })
  }

  async removeIdentityProvider(alias: string): Promise<void> {
    await this.#call('DELETE', `/identity-provider/instances/${alias}`)
  }

  /** Removes what puts a claim into the tokens of a client. */
  async removeMapper(clientId: string, name: string): Promise<void> {
    const id = firstId(await this.#call('GET', `/clients?clientId=${clientId}`), clientId)
    const path = `/clients/${id}/protocol-mappers/models`
    const mappers = (await this.#call('GET', path)) as { id: string; name: string }[]
    const mapper = firstId(
      mappers.filter((each) => each.name === name),
      name,
    )
    await this.#call('DELETE', `${path}/${mapper}`)
  }

  /** Creates groups and a user in all of them. */
  async addUser(username: string, newGroups: readonly string[], groups: readonly string[]): Promise<void> {
    for (const name of newGroups) await this.#call('POST', '/groups', { name })
    await this.#call('POST', '/users', {
      username,
      enabled: true,
      email: `${username}@o.example`,
      emailVerified: true,
      firstName: username,
      lastName: 'Example',
      credentials: [{ type: 'password', value: `${username}-pw`, temporary: false }],
      groups: [...groups, ...newGroups].map((name) => `/${name}`),
    })
  }

  async #userId(username: string): Promise<string> {
    return firstId(await this.#call('GET', `/users?exact=true&username=${username}`), username)
  }

  async #groupId(name: string): Promise<string> {
    return firstId(await this.#call('GET', `/groups?exact=true&search=${encodeURIComponent(name)}`), name)
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    return await this.#request(method, this.#keycloak.adminUrl + path, body)
  }

  async #request(method: string, url: string, body?: object): Promise<unknown> {
    const headers = { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' }
    const init = { method, headers, body: body === undefined ? null : JSON.stringify(body) }
    const response = await fetch(url, init)
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text.slice(0, 300)}`)
    return text === '' ? undefined : JSON.parse(text)
  }
}

function firstId(found: unknown, name: string): string {
  const [first] = found as { id: string }[]
  if (first === undefined) throw new Error(`Keycloak has no ${name}`)
  return first.id
}
