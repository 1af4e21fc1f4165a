import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { clientSecretFiles } from '../../../gateway/issuer/client/client-files.ts'
import { REFERENCE } from '../../../shared/settings/interpolate.ts'
import { readFailure } from '../../../shared/settings/read-file.ts'
import type { Check } from '../check.ts'
import { type Finding, failed, ok, warning } from '../finding.ts'

/** Read or written by anybody on the machine. */
const OTHERS = 0o006

/** A database is not read to find out that it is no certificate, in bytes. */
const LARGEST_CERTIFICATES = 1_000_000

/** Files with secrets: those that the configuration refers to, and itself where it contains them. */
export const filesCheck: Check = {
  id: 'files',
  title: 'Files',
  run({ file, config }): Finding[] {
    const text = readFileSync(file, 'utf8')
    const folder = dirname(resolve(file))
    const referenced = [...text.matchAll(REFERENCE)]
      .filter(([, kind]) => kind === 'file')
      .map(([, , path = '']) => resolve(folder, path))
    const sqlite = config.session.store.startsWith('sqlite:') ? [config.session.store.slice('sqlite:'.length)] : []
    const secrets = [config.issuer.clientSecret, ...config.session.secrets].filter((secret) => secret !== undefined)
    const ownSecrets = secrets.some((secret) => text.includes(secret)) ? [resolve(file)] : []
    const findings = [
      ...new Set([...ownSecrets, ...referenced, ...clientSecretFiles(config.issuer), ...sqlite]),
    ].flatMap((path) => fileFindings(path, sqlite))
    return findings.length > 0 ? findings : [ok('no file contains secrets')]
  },
}

function fileFindings(path: string, mayBeMissing: readonly string[]): Finding[] {
  try {
    const { mode: bits, size } = statSync(path)
    const mode = bits & 0o777
    const shown = mode.toString(8).padStart(3, '0')
    if (size < LARGEST_CERTIFICATES && isCertificate(path)) return []
    if ((mode & OTHERS) === 0) return [ok(`${path} is closed to other users (mode ${shown})`)]
    const cause = 'The file was created with the default permissions.'
    return [warning(`${path} is open to every user of this machine (mode ${shown})`, cause, `Run: chmod o-rwx ${path}`)]
  } catch (error) {
    const reason = readFailure(error)
    if (mayBeMissing.includes(path) && reason.startsWith('ENOENT')) return []
    return [
      failed(
        `${path}: ${reason}`,
        'The file is missing, or its folder is closed to this user.',
        'Create it, or run this command as the gateway’s user.',
      ),
    ]
  }
}

/** Certificates are for everybody to read. */
function isCertificate(path: string): boolean {
  const text = readFileSync(path, 'latin1')
  return text.includes('-----BEGIN CERTIFICATE-----') && !text.includes('PRIVATE KEY')
}
