import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { CHECKSUMS } from '../package/checksums.ts'
import { ensureDebian } from '../parts/debian.ts'
import { PartMissing, type Progress } from '../parts/progress.ts'

/** A minisign secret key. @see https://jedisct1.github.io/minisign/ */
export interface SigningKey {
  /** The contents of its file. */
  readonly key: string
  /** Empty for a key without one. */
  readonly password: string
}

/**
 * Signs the checksums of a folder, and with them everything in it. The key is given from outside and is in no file
 * afterwards. Writes `SHA256SUMS.minisig`.
 * @param comment Is signed as well, and printed by a verification.
 * @throws PartMissing
 */
export async function signChecksums(
  folder: string,
  { key, password }: SigningKey,
  comment: string,
  progress: Progress,
): Promise<void> {
  await ensureDebian([{ command: 'minisign', debianPackage: 'minisign' }], progress)
  const stage = await mkdtemp(join(tmpdir(), 'key-'))
  try {
    const file = join(stage, 'key')
    await writeFile(file, key, { mode: 0o600 })
    const child = spawn('minisign', ['-S', '-s', file, '-m', join(folder, CHECKSUMS), '-t', comment], {
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    // A key without a password reads nothing.
    child.stdin.on('error', () => {})
    child.stdin.end(`${password}\n`)
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
    if (code !== 0)
      throw new PartMissing(
        `minisign could not sign. Expected a secret key of minisign and its password.\n${said.replace('Password:', '').trim()}`,
      )
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
}

/** Signs something that nobody gets, so that a wrong key or password is an error before the packages are made. @throws PartMissing */
export async function checkKey(key: SigningKey, progress: Progress): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'key-check-'))
  try {
    await writeFile(join(folder, CHECKSUMS), '')
    await signChecksums(folder, key, 'key check', progress)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
