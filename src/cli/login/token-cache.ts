import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { CliError } from '../cli-error.ts'
import { withFileLock } from './file-lock.ts'

/** `b64token` of RFC 6750 §2.1: nothing else is valid in the header. */
export const BEARER_TOKEN = /^[A-Za-z0-9._~+/-]+=*$/

const signInSchema = z.object({
  issuer: z.string(),
  client_id: z.string(),
  username: z.string(),
  access_token: z.string().regex(BEARER_TOKEN),
  /** Seconds since the epoch. */
  issued_at: z.number(),
  /** Seconds since the epoch. */
  expires_at: z.number(),
  refresh_token: z.string().optional(),
})

/** The sign-ins of this user, one per gateway. The Python package uses the same file; `version` identifies its format. */
const cacheSchema = z.object({
  version: z.literal(1),
  /** The last gateway that the user signed in to. */
  current: z.string().optional(),
  gateways: z.record(z.string(), signInSchema),
})

export type SignIn = z.output<typeof signInSchema>
export type Cache = z.output<typeof cacheSchema>

/** A refresh takes one request to the issuer; another process waits a little longer than its timeout. */
const LOCK_WAIT_MS = 30_000

export class TokenCache {
  readonly path: string
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = dir
    this.path = join(dir, 'tokens.json')
  }

  /** @throws CliError if the file has another format, or if other users may read it. */
  async load(): Promise<Cache> {
    const text = await this.#read()
    if (text === undefined) return { version: 1, gateways: {} }
    const parsed = cacheSchema.safeParse(parseJson(text))
    if (parsed.success) return parsed.data
    throw new CliError(`${this.path}: expected a token file of this version. Delete it and sign in again.`)
  }

  /** Changes the file while no other process can. `change` returns undefined to leave it as it is. */
  async update(change: (cache: Cache) => Promise<Cache | undefined>): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 })
    await withFileLock(`${this.path}.lock`, LOCK_WAIT_MS, async () => {
      const changed = await change(await this.load())
      if (changed !== undefined) await this.#write(changed)
    })
  }

  async #read(): Promise<string | undefined> {
    const file = await open(this.path, 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw new CliError(`${this.path}: cannot be read (${error.code})`, { cause: error })
    })
    if (file === undefined) return undefined
    try {
      const { mode } = await file.stat()
      if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
        throw new CliError(
          `${this.path}: expected mode 600, because other users must not read this file. Change the mode, or sign in again.`,
        )
      }
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  }

  /** Written to another file that is then renamed: a reader finds the old content or the new, never a part. */
  async #write(cache: Cache): Promise<void> {
    const beside = `${this.path}.${randomUUID()}`
    try {
      const file = await open(beside, 'wx', 0o600)
      try {
        await file.writeFile(`${JSON.stringify(cache, null, 2)}\n`)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(beside, this.path)
    } catch (error) {
      await rm(beside, { force: true })
      throw new CliError(`${this.path}: cannot be written`, { cause: error })
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
