import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBackground } from './background.ts'
import { ensureDebian } from './debian.ts'
import { acceptsBind, changeDirectory, type Directory, LDAP_COMMANDS } from './ldap-client.ts'
import { freePort } from './ports.ts'
import { type Progress, toStderr } from './progress.ts'
import { must } from './run-or-throw.ts'

/** Commands for a real OpenLDAP server. */
export const SLAPD_COMMANDS = [{ command: 'slapd', debianPackage: 'slapd' }, ...LDAP_COMMANDS]

export interface SlapdOptions {
  /** PEM of a certificate for 127.0.0.1 and of its key. */
  readonly certificate: { readonly cert: string; readonly key: string }
  /** LDIF of the entries with which the directory starts, below `dc=corp,dc=test`. */
  readonly entries: string
  readonly progress?: Progress
}

/** OpenLDAP on loopback with TLS only, the overlays `ppolicy` and `memberof`, and all its files in one folder. */
export async function startSlapd({ certificate, entries, progress = toStderr }: SlapdOptions): Promise<Directory> {
  await ensureDebian(SLAPD_COMMANDS, progress)
  const folder = mkdtempSync(join(tmpdir(), 'slapd-'))
  chmodSync(folder, 0o700)
  const file = (name: string) => join(folder, name)
  mkdirSync(file('data'))
  writeFileSync(file('cert.pem'), certificate.cert)
  writeFileSync(file('key.pem'), certificate.key, { mode: 0o600 })
  const url = `ldaps://127.0.0.1:${await freePort()}`
  const access = {
    ...{ url, certificateFile: file('cert.pem'), bindDn: 'cn=admin,dc=corp,dc=test', bindPassword: 'directory-secret' },
  }
  writeFileSync(file('slapd.conf'), settings(folder, access.bindDn, access.bindPassword), { mode: 0o600 })
  writeFileSync(file('entries.ldif'), entries)
  await must('slapadd', ['-f', file('slapd.conf'), '-l', file('entries.ldif')])
  const server = await startBackground({
    name: 'OpenLDAP',
    command: 'slapd',
    args: ['-f', file('slapd.conf'), '-h', url, '-d', '0'],
    logFile: file('slapd.log'),
    readyUrl: () => acceptsBind(access),
    readySeconds: 30,
  })
  return {
    ...access,
    change: (ldif) => changeDirectory(access, ldif),
    async close() {
      await server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const settings = (folder: string, bindDn: string, bindPassword: string) => `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile ${folder}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
moduleload memberof
TLSCertificateFile ${folder}/cert.pem
TLSCertificateKeyFile ${folder}/key.pem
TLSCACertificateFile ${folder}/cert.pem
database mdb
maxsize 67108864
suffix "dc=corp,dc=test"
rootdn "${bindDn}"
rootpw ${bindPassword}
directory ${folder}/data
index objectClass,cn,uid,member eq
overlay memberof
overlay ppolicy
ppolicy_default cn=default,ou=policies,dc=corp,dc=test
`
