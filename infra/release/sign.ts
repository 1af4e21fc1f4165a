import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { CHECKSUMS } from '../package/checksums.ts'
import { ensureDebian } from '../parts/debian.ts'
import { PartMissing, type Progress } from '../parts/progress.ts'

/** A minisign secret key. @see https://jedisct1.github.io/minisign/ */
export interface SigningKey {
  /** Path of its file. */
  readonly file: string
  /** Empty for a key without one. */
  readonly password: string
}

/**
 * Signs the checksums of a folder, and with them everything in it. Writes `SHA256SUMS.minisig`.
 * @param comment Is signed as well, and printed by a verification.
 * @throws PartMissing
 */
export async function signChecksums(
  folder: string,
  { file, password }: SigningKey,
  comment: string,
  progress: Progress,
): Promise<void> {
  await ensureDebian([{ command: 'minisign', debianPackage: 'minisign' }], progress)
  const options = ['-S', '-s', file, '-m', join(folder, CHECKSUMS), '-t', comment]
  const child = spawn('minisign', options, { stdio: ['pipe', 'ignore', 'pipe'] })
  // A key without a password reads nothing.
  child.stdin.on('error', () => {})
  child.stdin.end(`${password}\n`)
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  if (code !== 0)
    throw new PartMissing(
      `minisign could not sign. Expected a secret key of minisign and its password.\n${said.replace('Password:', '').trim()}`,
    )
}

/**
 * Writes a key that is not in a file into one for minisign, for as long as it is used. A signal ends that too.
 * @returns what `use` returns
 */
export async function withKeyFile<T>(key: string, use: (file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'key-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const stop = () => {
    remove()
    process.exit(1)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.once(signal, stop)
  try {
    const file = join(folder, 'key')
    writeFileSync(file, key, { mode: 0o600 })
    return await use(file)
  } finally {
    for (const signal of signals) process.off(signal, stop)
    remove()
  }
}
