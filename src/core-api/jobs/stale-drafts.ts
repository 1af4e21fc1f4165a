import { createHash, randomBytes } from 'node:crypto'
import { constants, readlinkSync, type Stats } from 'node:fs'
import { open, readdir, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { overwrite } from './overwrite.ts'

/**
 * A file is written to a draft first, which exists for some milliseconds. A process that is killed in between (SIGKILL, a
 * power failure) leaves it behind, with a password. Its name says whose it is, so that the next run can remove it.
 */
const DRAFT = /^\..+\.job-env-([0-9a-f]{8})-(\d+)-[0-9a-f]{12}$/
/** A draft of a process that cannot be checked is removed after this time, in milliseconds. */
const ABANDONED_MS = 600_000

export function draftPath(path: string): string {
  const name = `.${basename(path)}.job-env-${PROCESSES}-${process.pid}-${randomBytes(6).toString('hex')}`
  return join(dirname(path), name)
}

/** Overwrites and deletes the drafts in a folder that processes of this user have left behind. */
export async function removeStaleDrafts(folder: string): Promise<void> {
  // A folder that cannot be listed is no reason to fail: writing to it will tell what is wrong.
  const names = await readdir(folder).catch(() => [])
  for (const name of names) {
    const [, processes, pid] = DRAFT.exec(name) ?? []
    if (processes !== undefined) await removeIfStale(join(folder, name), processes, Number(pid)).catch(() => undefined)
  }
}

async function removeIfStale(path: string, processes: string, pid: number): Promise<void> {
  const file = await open(path, constants.O_RDWR | constants.O_NOFOLLOW)
  try {
    const stats = await file.stat()
    if (!isOwn(stats) || !isAbandoned(stats.mtimeMs, processes, pid)) return
    await overwrite(file)
    await unlink(path)
  } finally {
    await file.close()
  }
}

/** A file that this user has created for itself: not a link from elsewhere, not open to others. */
const isOwn = (stats: Stats) =>
  stats.isFile() && stats.uid === process.geteuid?.() && stats.nlink === 1 && (stats.mode & 0o077) === 0

function isAbandoned(mtimeMs: number, processes: string, pid: number): boolean {
  if (Date.now() - mtimeMs > ABANDONED_MS) return true
  if (processes !== PROCESSES) return false
  return pid === process.pid ? mtimeMs < Date.now() - process.uptime() * 1000 : !isRunning(pid)
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Names the host and PID namespace: a process ID means nothing on another host or in another container. */
const PROCESSES = createHash('sha256').update(`${hostname()} ${pidNamespace()}`).digest('hex').slice(0, 8)

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return '' // not Linux
  }
}
