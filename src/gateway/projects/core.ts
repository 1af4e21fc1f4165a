import type { Logger } from 'pino'
import * as z from 'zod'
import { readBounded } from '../../shared/read-bounded.ts'
import { projectList } from '../config/schema.ts'
import { ListedProjects } from '../policy/listed-projects.ts'
import type { ProjectSnapshot } from '../policy/types.ts'
import type { ProjectSource } from './source.ts'

/** Longest response that is read, in bytes: several hundred thousand projects. */
const MAX_BYTES = 64 * 1024 * 1024
/** Longest wait for a response, in milliseconds. */
const TIMEOUT_MS = 10_000
/** Unknown projects cause at most one refresh in this time, in milliseconds, however many IDs a client makes up. */
const UNKNOWN_INTERVAL_MS = 1000

const responseBody = z.object({ projects: projectList })

export interface CoreProjectsOptions {
  /** Base URL of the core API. */
  readonly url: string
  readonly refreshSeconds: number
  /** An access token of the service user. */
  readonly token: () => Promise<string>
  readonly log: Logger
}

/**
 * `projects.source: core`: the projects of the core API, fetched as the service user. An unchanged list costs an empty
 * response (`If-None-Match`, RFC 9110 §13.1.2). While the core API is down, the last known projects stay in use. Before
 * the first successful fetch there is no snapshot, so that nobody is told that a project does not exist.
 */
export class CoreProjects implements ProjectSource {
  readonly #options: CoreProjectsOptions
  #snapshot: ProjectSnapshot | undefined
  #etag: string | undefined
  #failing = false
  #timer: NodeJS.Timeout | undefined
  #closed = false
  #refreshing: Promise<void> | undefined
  #unknownTimer: NodeJS.Timeout | undefined

  constructor(options: CoreProjectsOptions) {
    this.#options = options
  }

  /** Fetches now and then every `refreshSeconds`. Resolves after the first fetch, whether it succeeded or not. */
  async start(): Promise<void> {
    await this.refresh()
    if (this.#closed) return
    this.#timer = setTimeout(() => void this.start(), this.#options.refreshSeconds * 1000).unref()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  snapshot(): ProjectSnapshot | undefined {
    return this.#snapshot
  }

  /** Refreshes now, unless an unknown project did so within the last {@link UNKNOWN_INTERVAL_MS}. */
  reportUnknown(): void {
    if (this.#unknownTimer !== undefined || this.#closed) return
    this.#unknownTimer = setTimeout(() => {
      this.#unknownTimer = undefined
    }, UNKNOWN_INTERVAL_MS).unref()
    void this.refresh()
  }

  /** Fetches once. Never rejects: an error leaves the projects as they are and is logged when it begins and ends. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  async #refresh(): Promise<void> {
    const { log, url } = this.#options
    try {
      const changed = await this.#fetch()
      if (this.#failing || changed) {
        const projects = this.#snapshot?.all().length ?? 0
        log.info({ event: 'projects-reloaded', projects }, 'projects reloaded from the core API')
      }
      this.#failing = false
    } catch (error) {
      if (!this.#failing) {
        log.warn(
          { event: 'projects-down', url, detail: detailOf(error) },
          'projects cannot be fetched from the core API',
        )
      }
      this.#failing = true
    }
  }

  /** @returns whether the list of projects changed */
  async #fetch(): Promise<boolean> {
    const { url, token } = this.#options
    const response = await fetch(`${url.replace(/\/$/, '')}/api/directory`, {
      headers: {
        authorization: `Bearer ${await token()}`,
        ...(this.#etag === undefined ? {} : { 'if-none-match': this.#etag }),
      },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    })
    if (response.status === 304 && this.#etag !== undefined) return false
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new Error(`expected status 200, received ${response.status}`)
    }
    const { projects } = responseBody.parse(JSON.parse(await readText(response)))
    this.#snapshot = new ListedProjects(projects)
    this.#etag = response.headers.get('etag') ?? undefined
    return true
  }
}

/** @throws Error when the response is longer than {@link MAX_BYTES} */
async function readText(response: Response): Promise<string> {
  const body = await readBounded(response.body ?? [], MAX_BYTES)
  if (body === undefined) throw new Error(`expected at most ${MAX_BYTES} bytes`)
  return body.toString('utf8')
}

function detailOf(error: unknown): string {
  if (error instanceof z.ZodError) return `expected a list of projects: ${error.issues[0]?.path.join('.')}`
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
