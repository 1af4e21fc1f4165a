import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './run.ts'

/** The commands of an LDAP client. */
export const LDAP_COMMANDS = [{ command: 'ldapmodify', debianPackage: 'ldap-utils' }]

/** A directory server that a test may change. */
export interface Directory {
  /** `ldaps://address:port` */
  readonly url: string
  /** PEM file of the certificate authority of the server. */
  readonly certificateFile: string
  /** The account that Keycloak binds with. */
  readonly bindDn: string
  readonly bindPassword: string
  /** Applies LDIF change records (RFC 2849) as the administrator. @throws Error with the message of the server */
  change(ldif: string): Promise<void>
  close(): Promise<void>
}

type Connection = Pick<Directory, 'url' | 'certificateFile' | 'bindDn' | 'bindPassword'>

/** Applies LDIF change records over TLS. @throws Error with the message of the server */
export async function changeDirectory(directory: Connection, ldif: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ldif-'))
  const [records, password] = [join(folder, 'records.ldif'), join(folder, 'password')]
  try {
    writeFileSync(records, ldif)
    writeFileSync(password, directory.bindPassword, { mode: 0o600 })
    const access = ['-x', '-H', directory.url, '-D', directory.bindDn, '-y', password, '-f', records]
    const { ok, tail } = await run('ldapmodify', access, { env: { LDAPTLS_CACERT: directory.certificateFile } })
    if (!ok) throw new Error(`ldapmodify failed.\n${tail}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Whether the server accepts the bind: it may listen before it serves. */
export async function acceptsBind(directory: Connection): Promise<boolean> {
  try {
    await changeDirectory(directory, '')
    return true
  } catch {
    return false
  }
}

/** One LDIF line in base64, for values that are not plain ASCII. */
export const ldifLine = (attribute: string, value: string): string =>
  `${attribute}:: ${Buffer.from(value, 'utf8').toString('base64')}`
