import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Paths of PEM files. */
export interface Issued {
  readonly cert: string
  readonly key: string
}

/** A certificate authority of its own, in a folder that is removed at the end. */
export interface Authority {
  readonly folder: string
  /** Path of its certificate. */
  readonly cert: string
  /** @param names SAN of a server, e.g. `DNS:localhost`. Absent: a client certificate. */
  issue(commonName: string, names?: string): Issued
  close(): void
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** @param days How long its certificates are valid. */
export function makeAuthority(days = 2): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'modelops-authority-'))
  const [cert, key] = [join(folder, 'ca.pem'), join(folder, 'ca.key')]
  openssl(
    'req',
    '-x509',
    ...NEW_KEY,
    '-days',
    `${days}`,
    '-subj',
    '/CN=authority of the tests',
    '-keyout',
    key,
    '-out',
    cert,
  )
  let count = 0
  return {
    ...{ folder, cert },
    issue(commonName, names) {
      count += 1
      const own = { cert: join(folder, `${count}.pem`), key: join(folder, `${count}.key`) }
      const [request, extensions] = [join(folder, `${count}.csr`), join(folder, `${count}.ext`)]
      const purpose = names === undefined ? 'clientAuth' : 'serverAuth'
      writeFileSync(
        extensions,
        `extendedKeyUsage=${purpose}\n${names === undefined ? '' : `subjectAltName=${names}\n`}`,
      )
      openssl('req', ...NEW_KEY, '-subj', `/CN=${commonName}`, '-keyout', own.key, '-out', request)
      const signed = ['-CA', cert, '-CAkey', key, '-CAcreateserial', '-extfile', extensions]
      openssl('x509', '-req', '-in', request, ...signed, '-days', `${days}`, '-out', own.cert)
      return own
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function openssl(...args: readonly string[]): void {
  const made = spawnSync('openssl', args)
  if (made.status !== 0) throw new Error(`openssl ${args[0]}: ${made.stderr}`)
}
