import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Keycloak, type KeycloakOptions, SHARED_REALM, startKeycloak } from '../../infra/parts/keycloak.ts'
import type { SharedPart } from '../shared-part.ts'
import { KeycloakAdmin } from './admin.ts'

/** Origin and command line of the Keycloak that the files of the tier share. Unset: each file starts its own. */
const ORIGIN = 'TEST_KEYCLOAK_ORIGIN'
const BIN = 'TEST_KEYCLOAK_BIN'

/** Starts one Keycloak for all files of a tier: a start takes a minute of processor time. */
export async function shareKeycloak(): Promise<SharedPart> {
  const { origin, bin, close } = await startKeycloak({ gatewayUrl: 'http://localhost:1', realms: [] })
  return { env: { [ORIGIN]: origin, [BIN]: bin }, close }
}

/** A realm that no other test uses, until it is closed. */
export interface Realm extends Pick<Keycloak, 'url' | 'adminUrl' | 'origin' | 'bin' | 'close'> {
  readonly name: string
}

export interface RealmOptions extends Pick<KeycloakOptions, 'gatewayUrl'> {
  /** A realm to import whose name is `shared`. Default: the realm of all tests. */
  readonly realm?: object
}

/** A Keycloak without realms of its tests: that of the tier, or a new one if the file runs alone. */
export async function keycloakOfTier(): Promise<Pick<Keycloak, 'origin' | 'bin' | 'close'>> {
  const { [ORIGIN]: origin, [BIN]: bin } = process.env
  if (origin !== undefined && bin !== undefined) return { origin, bin, close: async () => {} }
  return await startKeycloak({ gatewayUrl: 'http://localhost:1', realms: [] })
}

/** Imports a realm under a new name. */
export async function startRealm({
  gatewayUrl,
  realm = JSON.parse(readFileSync(SHARED_REALM, 'utf8')),
}: RealmOptions): Promise<Realm> {
  const keycloak = await keycloakOfTier()
  const name = `shared-${randomUUID().slice(0, 8)}`
  const adminUrl = `${keycloak.origin}/admin/realms/${name}`
  const admin = new KeycloakAdmin({ origin: keycloak.origin, adminUrl })
  try {
    await admin.signIn()
    await admin.createRealm(renamed(realm, name, gatewayUrl))
  } catch (error) {
    await keycloak.close()
    throw error
  }
  return {
    ...{ name, adminUrl, origin: keycloak.origin, bin: keycloak.bin },
    url: `${keycloak.origin}/realms/${name}`,
    async close() {
      await admin.signIn()
      await admin.removeRealm()
      await keycloak.close()
    },
  }
}

/** The realm with its values for `${NAME:default}`, which Keycloak replaces only in files that it imports at its start. */
function renamed(realm: object, name: string, gatewayUrl: string): object {
  const text = JSON.stringify({ ...realm, realm: name })
    .replaceAll('default-roles-shared', `default-roles-${name}`)
    .replaceAll(/\$\{GATEWAY_BACKCHANNEL_LOGOUT_URL:[^}]*\}/g, `${gatewayUrl}/auth/backchannel-logout`)
    .replaceAll(/\$\{\w+:([^}]*)\}/g, '$1')
  return JSON.parse(text)
}
