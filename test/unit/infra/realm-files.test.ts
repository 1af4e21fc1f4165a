import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

/** The realm settings that the guides show, and the realm files that the tier `directories` imports. */
const GUIDES: [guide: string, ...realms: string[]][] = [
  ['issuers/keycloak-kerberos.md', 'kerberos'],
  ['issuers/keycloak-brokering.md', 'brokered-oidc', 'brokered-saml'],
]

/** Every key of a realm file with its values, as they are where the environment sets nothing. */
function settingsOf(value: unknown, into = new Map<string, Set<string>>()): Map<string, Set<string>> {
  if (value === null || typeof value !== 'object') return into
  if ('authenticator' in value && 'requirement' in value)
    settingsOf({ [String(value.authenticator)]: value.requirement }, into)
  for (const [key, each] of Object.entries(value)) {
    const texts = [each].flat().filter((one) => typeof one !== 'object')
    for (const text of texts)
      into.set(key, (into.get(key) ?? new Set()).add(String(text).replace(/\$\{\w+:([^}]*)\}/g, '$1')))
    settingsOf(each, into)
  }
  return into
}

for (const [guide, ...realms] of GUIDES) {
  const settings = new Map<string, Set<string>>()
  for (const realm of realms)
    settingsOf(JSON.parse(readFileSync(`infra/keycloak/directories/${realm}-realm.json`, 'utf8')), settings)
  const rows = readFileSync(`docs/guides/${guide}`, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .join('\n')
  const shown = [...rows.matchAll(/`([\w-]+)`: `([^`]+)`/g)].filter(([, key]) => key !== 'AuthServerAllowlist')

  test(`${guide} shows settings`, () => assert.ok(shown.length > 5, String(shown.length)))
  for (const [, key = '', value = ''] of shown) {
    test(`${guide}: ${key} is ${value} in the realm file`, () => {
      const values = settings.get(key) ?? assert.fail(`no realm file has ${key}`)
      assert.ok(values.has(value), `${[...values].join(', ')}`)
    })
  }
}

test('no realm file contains a secret or an address of a deployment', () => {
  for (const realm of ['kerberos', 'brokered-oidc', 'brokered-saml', 'corporate', 'disabled-users']) {
    const settings = settingsOf(JSON.parse(readFileSync(`infra/keycloak/directories/${realm}-realm.json`, 'utf8')))
    for (const key of ['secret', 'clientSecret'])
      for (const value of settings.get(key) ?? []) assert.equal(value, 'change-this-secret', `${realm}: ${key}`)
  }
})
