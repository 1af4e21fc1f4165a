import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBackground } from './background.ts'
import { ensureDebian, installDebian } from './debian.ts'
import { acceptsBind, changeDirectory, type Directory, LDAP_COMMANDS } from './ldap-client.ts'
import { type Progress, toStderr } from './progress.ts'
import { must } from './run-or-throw.ts'

/** Commands for a real Samba Active Directory domain controller. */
export const SAMBA_COMMANDS = [
  { command: 'samba', debianPackage: 'samba' },
  { command: 'samba-tool', debianPackage: 'samba' },
  ...LDAP_COMMANDS,
]

/** What a domain controller needs besides: Debian 12 has it in packages that `samba` only recommends. */
const DOMAIN_PACKAGES = ['samba-ad-provision', 'samba-dsdb-modules', 'samba-vfs-modules']
/** From the first of them. */
const SCHEMAS = '/usr/share/samba/setup/ad-schema'

export interface SambaOptions {
  /** A loopback address of its own: Active Directory cannot use other ports. */
  readonly address: string
  /** PEM of a certificate for the address and of its key. */
  readonly certificate: { readonly cert: string; readonly key: string }
  readonly progress?: Progress
}

const PASSWORD = 'Directory-secret-1'

/**
 * An Active Directory domain controller for the domain `corp.test`, provisioned into one folder. Only its LDAP service runs:
 * Keycloak uses nothing else for passwords and groups. Needs root, for the ports 389 and 636.
 */
export async function startSamba({ address, certificate, progress = toStderr }: SambaOptions): Promise<Directory> {
  await ensureDebian(SAMBA_COMMANDS, progress)
  if (!existsSync(SCHEMAS)) await installDebian(DOMAIN_PACKAGES, progress)
  const folder = mkdtempSync(join(tmpdir(), 'samba-'))
  const file = (name: string) => join(folder, name)
  writeFileSync(file('cert.pem'), certificate.cert)
  writeFileSync(file('key.pem'), certificate.key, { mode: 0o600 })
  progress('Samba: provisioning the domain (about 15 s)')
  await must('samba-tool', [
    ...['domain', 'provision', '--realm=CORP.TEST', '--domain=CORP', `--adminpass=${PASSWORD}`, '--server-role=dc'],
    ...[`--targetdir=${file('domain')}`, `--host-ip=${address}`, '--host-name=dc1', '--dns-backend=NONE'],
    `--option=posix:eadb=${file('attributes.tdb')}`, // file systems of containers may not have these attributes
  ])
  const access = {
    ...{ url: `ldaps://${address}`, certificateFile: file('cert.pem') },
    ...{ bindDn: 'CN=Administrator,CN=Users,DC=corp,DC=test', bindPassword: PASSWORD },
  }
  const server = await startBackground({
    name: 'Samba',
    command: 'samba',
    args: [
      ...['--foreground', '--no-process-group', '--model=single', '--debug-stdout'],
      ...[`--configfile=${file('domain/etc/smb.conf')}`, ...options(folder, address).map((each) => `--option=${each}`)],
    ],
    logFile: file('samba.log'),
    readyUrl: () => acceptsBind(access),
    readySeconds: 60,
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

const options = (folder: string, address: string) => [
  'server services=ldap',
  'dcerpc endpoint servers=',
  `interfaces=${address}/24`, // with /32, Samba looks for a network interface that has the address
  'bind interfaces only=yes',
  `pid directory=${folder}`,
  `ncalrpc dir=${join(folder, 'ncalrpc')}`,
  `tls certfile=${join(folder, 'cert.pem')}`,
  `tls keyfile=${join(folder, 'key.pem')}`,
  `tls cafile=${join(folder, 'cert.pem')}`,
]

/** A password as Active Directory takes it: in quotes, UTF-16LE, base64 ([MS-ADTS] 3.1.1.3.1.5.1). */
export const unicodePassword = (password: string): string =>
  `unicodePwd:: ${Buffer.from(`"${password}"`, 'utf16le').toString('base64')}`
