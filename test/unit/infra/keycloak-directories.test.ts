import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

/** The tables of the guide that show settings of both realm files. */
const GUIDE = readFileSync('docs/guides/issuers/keycloak-directories.md', 'utf8')
const REALMS = ['openldap', 'active-directory']

interface Component {
  readonly providerId: string
  readonly config: Record<string, readonly string[]>
  readonly subComponents?: Record<string, readonly Component[]>
}

interface Realm {
  readonly accessTokenLifespan: number
  readonly components: Record<string, readonly Component[]>
  readonly clients: readonly {
    readonly directAccessGrantsEnabled: boolean
    readonly protocolMappers: readonly { readonly name: string; readonly config: Record<string, string> }[]
  }[]
}

const realm = (name: string): Realm =>
  JSON.parse(readFileSync(`infra/keycloak/directories/${name}-realm.json`, 'utf8')) as Realm

function partsOf(name: string): { provider: Component; mappers: readonly Component[] } {
  const [provider] = realm(name).components['org.keycloak.storage.UserStorageProvider'] ?? []
  assert.ok(provider !== undefined)
  return { provider, mappers: provider.subComponents?.['org.keycloak.storage.ldap.mappers.LDAPStorageMapper'] ?? [] }
}

/** Setting and value of a realm, from the table of one section. */
function tableOf(section: string, column: number): [string, string][] {
  const start = GUIDE.indexOf(`\n## ${section}. `)
  const text = GUIDE.slice(start, GUIDE.indexOf('\n## ', start + 1))
  const rows = [...text.matchAll(/^\| `([^`]+)` \|(.*)\|$/gm)]
  return rows.map(([, setting = '', rest = '']) => [
    setting,
    rest.split(' | ')[column]?.replace(/[`\s]*$|^[`\s]*/g, '') ?? '',
  ])
}

for (const [column, name] of REALMS.entries()) {
  test(`the guide shows the settings of the realm ${name}`, () => {
    const { provider, mappers } = partsOf(name)
    const groups = mappers.find(({ providerId }) => providerId === 'group-ldap-mapper')
    const tables = [
      [tableOf('2', column), provider.config],
      [tableOf('3', column), groups?.config ?? {}],
    ] as const
    for (const [rows, config] of tables) {
      assert.ok(rows.length > 8)
      for (const [setting, value] of rows) assert.equal(config[setting]?.[0] ?? '', value, setting)
    }
  })

  test(`the realm ${name} is safe: TLS, read-only, a fresh state of each user, whole group paths`, () => {
    const { provider, mappers } = partsOf(name)
    assert.match(provider.config.connectionUrl?.[0] ?? '', /^\$\{LDAP_URL:ldaps:/)
    assert.deepEqual([provider.config.editMode, provider.config.cachePolicy], [['READ_ONLY'], ['NO_CACHE']])
    const isAccountRespected =
      mappers.some(({ config }) => config['always.read.enabled.value.from.ldap']?.[0] === 'true') ||
      /pwdAccountLockedTime/.test(`${provider.config.customUserSearchFilter}`)
    assert.ok(isAccountRespected)
    for (const client of realm(name).clients) {
      const mapper = client.protocolMappers.find((each) => each.name === 'groups')
      assert.equal(mapper?.config['full.path'], 'true')
      assert.equal(client.directAccessGrantsEnabled, false)
    }
    assert.match(GUIDE, new RegExp(`\\| \`accessTokenLifespan\` \\| \`${realm(name).accessTokenLifespan}\` \\|`))
  })
}
