import { randomBytes } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'

const BLOCK = 65_536

/**
 * Overwrites a file with random bytes and syncs it. Copy-on-write file systems, SSDs and snapshots may keep the previous
 * blocks: keep secrets on tmpfs.
 */
export async function overwrite(file: FileHandle): Promise<void> {
  const { size } = await file.stat()
  for (let at = 0; at < size; at += BLOCK) {
    const noise = randomBytes(Math.min(BLOCK, size - at))
    await file.write(noise, 0, noise.length, at)
  }
  await file.sync()
}
