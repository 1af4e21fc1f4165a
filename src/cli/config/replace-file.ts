import { randomUUID } from 'node:crypto'
import {
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { CliError } from '../cli-error.ts'

/**
 * Replaces a file completely or not at all, with the same owner and permissions, and keeps the previous one. The file
 * that a link leads to is replaced, not the link.
 * @returns the path of the previous file: the first of FILE.bak, FILE.bak.2 and so on that did not exist
 * @throws CliError
 */
export function replaceFile(file: string, text: string): string {
  const draft = `${file}.${randomUUID()}`
  try {
    const target = realpathSync(file)
    const { mode, uid, gid } = statSync(target)
    const descriptor = openSync(draft, 'wx', 0o600)
    try {
      writeFileSync(descriptor, text)
      fchmodSync(descriptor, mode & 0o777)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    const owner = statSync(draft)
    if (owner.uid !== uid || owner.gid !== gid) chownSync(draft, uid, gid)
    const backup = freeName(`${file}.bak`)
    copyFileSync(target, backup, constants.COPYFILE_EXCL)
    renameSync(draft, target)
    return backup
  } catch (error) {
    rmSync(draft, { force: true })
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown'
    throw new CliError(
      `${file}: cannot be replaced (${code}). It is unchanged; without --write the difference is shown.`,
      {
        cause: error,
      },
    )
  }
}

function freeName(name: string): string {
  let free = name
  for (let number = 2; existsSync(free); number += 1) free = `${name}.${number}`
  return free
}
