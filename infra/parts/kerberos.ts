import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBackground } from './background.ts'
import { ensureDebian } from './debian.ts'
import { freePort, isListening } from './ports.ts'
import { type Progress, toStderr } from './progress.ts'
import { run } from './run.ts'

/** Commands for a real MIT Kerberos. */
export const KERBEROS_COMMANDS = [
  { command: 'krb5kdc', debianPackage: 'krb5-kdc' },
  { command: 'kadmin.local', debianPackage: 'krb5-admin-server' },
  { command: 'kinit', debianPackage: 'krb5-user' },
]

export interface KerberosOptions {
  /** Name of the realm, in upper case. */
  readonly realm: string
  /** Host of Keycloak's URL, for which the keytab has the principal `HTTP/host@REALM`. */
  readonly host: string
  readonly progress?: Progress
}

/** A key distribution centre (KDC) on loopback, with all its files in one folder. */
export interface Kerberos {
  readonly realm: string
  /** The krb5.conf of every client of this realm. */
  readonly config: string
  /** The keys of the service `HTTP/host@REALM`. */
  readonly keytab: string
  readonly servicePrincipal: string
  addUser(name: string, password: string): Promise<void>
  /** Issues no more tickets to the user, and accepts them again. Tickets that were issued stay valid until they expire. */
  setEnabled(name: string, enabled: boolean): Promise<void>
  /** Signs the user in (`kinit`). Resolves to the ticket cache, for `KRB5CCNAME`. @throws Error if the KDC refuses */
  signIn(name: string, password: string): Promise<string>
  close(): Promise<void>
}

export async function startKerberos(options: KerberosOptions): Promise<Kerberos> {
  const { realm, host, progress = toStderr } = options
  await ensureDebian(KERBEROS_COMMANDS, progress)
  const folder = mkdtempSync(join(tmpdir(), 'kerberos-'))
  const port = await freePort()
  const config = join(folder, 'krb5.conf')
  const kdcProfile = join(folder, 'kdc.conf')
  const keytab = join(folder, 'http.keytab')
  mkdirSync(join(folder, 'kdc'))
  writeFileSync(config, clientConfig(realm, host, port))
  writeFileSync(kdcProfile, kdcConfig(realm, folder, port))
  const env = { KRB5_CONFIG: config, KRB5_KDC_PROFILE: kdcProfile }
  const must = async (command: string, args: readonly string[], more: Record<string, string> = {}) => {
    const { ok, tail } = await run(command, args, { env: { ...env, ...more } })
    if (!ok) throw new Error(`${command} failed.\n${tail}`)
  }
  const kadmin = (query: string) => must('kadmin.local', ['-r', realm, '-q', query])
  const servicePrincipal = `HTTP/${host}@${realm}`
  await must('kdb5_util', ['-r', realm, '-P', 'of-a-test', 'create', '-s'])
  await kadmin(`addprinc -randkey ${servicePrincipal}`)
  await kadmin(`ktadd -k ${keytab} ${servicePrincipal}`)
  const kdc = await startBackground({
    ...{ name: 'Kerberos', command: 'krb5kdc', args: ['-n', '-r', realm], env },
    logFile: join(folder, 'krb5kdc.log'),
    readyUrl: () => isListening(port),
    readySeconds: 20,
  })
  return {
    ...{ realm, config, keytab, servicePrincipal },
    addUser: (name, password) => kadmin(`addprinc -pw ${password} ${name}`),
    setEnabled: (name, enabled) => kadmin(`modprinc ${enabled ? '+' : '-'}allow_tix ${name}`),
    async signIn(name, password) {
      const cache = `FILE:${join(folder, `tickets-${name}`)}`
      const file = join(folder, `password-${name}`)
      writeFileSync(file, `${password}\n`, { mode: 0o600 })
      await must('sh', ['-c', 'kinit "$0" < "$1"', `${name}@${realm}`, file], { KRB5CCNAME: cache })
      return cache
    },
    async close() {
      await kdc.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Without DNS: the name in the URL is the name in the ticket. */
const clientConfig = (realm: string, host: string, port: number) => `[libdefaults]
  default_realm = ${realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
[realms]
  ${realm} = {
    kdc = 127.0.0.1:${port}
  }
[domain_realm]
  ${host} = ${realm}
`

const kdcConfig = (realm: string, folder: string, port: number) => `[realms]
  ${realm} = {
    database_name = ${join(folder, 'kdc', 'principal')}
    key_stash_file = ${join(folder, 'kdc', 'stash')}
    acl_file = ${join(folder, 'kdc', 'kadm5.acl')}
    kdc_listen = 127.0.0.1:${port}
    kdc_tcp_listen = 127.0.0.1:${port}
    supported_enctypes = aes256-cts-hmac-sha1-96:normal
    max_life = 10h
  }
[logging]
  kdc = STDERR
`
