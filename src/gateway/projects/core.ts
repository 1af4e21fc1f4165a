import type { Logger } from 'pino'
import { z } from 'zod'
import { projectList } from '../config/schema.ts'
import { Refusal } from '../errors.ts'
import { ProjectSnapshot } from '../policy/project-snapshot.ts'
import type { Membership, Principal, Project, ProjectDirectory } from '../policy/types.ts'

/** Longest answer that is read, in bytes: some hundred thousand projects. */
const MAX_BYTES = 64 * 1024 * 1024
/** Longest wait for one answer, in milliseconds. */
const TIMEOUT_MS = 10_000
/** An unknown project asks again at most this often, in milliseconds, whoever makes ids up. */
const COOL_DOWN_MS = 1000

const answer = z.object({ projects: projectList })

export interface CoreSource {
  /** Base URL of the core API. */
  readonly url: string
  readonly refreshSeconds: number
  /** An access token of the service user. */
  readonly token: () => Promise<string>
  readonly log: Logger
}

/**
 * `projects.source: core`: the projects as the core API knows them, asked for by the service user. Unchanged ones cost
 * an empty answer (`If-None-Match`). While the core is down the last known ones stay in force; before any were known,
 * every question ends as `projects-down` instead of "no such project".
 */
export class CoreDirectory implements ProjectDirectory {
  readonly #source: CoreSource
  readonly #list = new ProjectSnapshot()
  #loaded = false
  #tag: string | undefined
  #failing = false
  #timer: NodeJS.Timeout | undefined
  #closed = false
  #asking: Promise<void> | undefined
  #cooling = false

  constructor(source: CoreSource) {
    this.#source = source
  }

  /** Asks at once and then every `refreshSeconds`. Resolves after the first question, whatever became of it. */
  async start(): Promise<void> {
    await this.refresh()
    if (this.#closed) return
    this.#timer = setTimeout(() => void this.start(), this.#source.refreshSeconds * 1000).unref()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  /** Asks once. Never rejects: a fault leaves the projects as they are, and is logged when it begins and ends. */
  refresh(): Promise<void> {
    this.#asking ??= this.#refresh().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #refresh(): Promise<void> {
    const { log, url } = this.#source
    try {
      const changed = await this.#ask()
      if (this.#failing || changed)
        log.info({ event: 'projects-reloaded', projects: this.#list.all().length }, 'projects of the core')
      this.#failing = false
    } catch (error) {
      if (!this.#failing)
        log.warn({ event: 'projects-down', url, detail: detailOf(error) }, 'the core API cannot be asked')
      this.#failing = true
    }
  }

  /** @returns whether there are other projects than before */
  async #ask(): Promise<boolean> {
    const response = await fetch(`${this.#source.url.replace(/\/$/, '')}/api/directory`, {
      headers: {
        authorization: `Bearer ${await this.#source.token()}`,
        ...(this.#tag === undefined ? {} : { 'if-none-match': this.#tag }),
      },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    })
    if (response.status === 304 && this.#tag !== undefined) return false
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new Error(`expected 200, got ${response.status}`)
    }
    const { projects } = answer.parse(JSON.parse(await readText(response)))
    this.#list.replace(projects)
    this.#loaded = true
    this.#tag = response.headers.get('etag') ?? undefined
    return true
  }

  get version(): number {
    return this.#list.version
  }

  /** How many projects are known. */
  get size(): number {
    return this.#list.all().length
  }

  find(id: string): Project | undefined {
    const found = this.#known().find(id)
    if (!found) this.#askSoon()
    return found
  }

  /** It may have been made a moment ago: the answer to this request stands, the next one knows better. */
  #askSoon(): void {
    if (this.#cooling || this.#closed) return
    this.#cooling = true
    setTimeout(() => {
      this.#cooling = false
    }, COOL_DOWN_MS).unref()
    void this.refresh()
  }

  membership(principal: Principal, id: string): Membership | undefined {
    return this.#known().membership(principal, id)
  }

  listFor(principal: Principal): readonly Project[] {
    return this.#known().listFor(principal)
  }

  all(): readonly Project[] {
    return this.#known().all()
  }

  /** @throws Refusal projects-down */
  #known(): ProjectSnapshot {
    if (!this.#loaded)
      throw new Refusal('projects-down', 'the core API has not answered yet', { headers: { 'Retry-After': '5' } })
    return this.#list
  }
}

/** @throws Error when the answer is longer than {@link MAX_BYTES} */
async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength
    if (length > MAX_BYTES) throw new Error(`expected at most ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function detailOf(error: unknown): string {
  if (error instanceof z.ZodError) return `expected a list of projects: ${error.issues[0]?.path.join('.')}`
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
