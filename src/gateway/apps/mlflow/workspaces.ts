import type { Clock } from '../../../shared/clock.ts'
import { httpRequest } from '../../../shared/http-request.ts'
import { Refusal } from '../../errors.ts'
import type { Project } from '../../policy/types.ts'

const RETRY_SECONDS = 5
const CALL_TIMEOUT_MS = 10_000
/** A known workspace is looked up again after this time, in case an administrator has removed it. */
const REMEMBER_MS = 600_000
const PATH = '/api/3.0/mlflow/workspaces'

/**
 * Creates a project's workspace, where it does not exist yet, before its first request is forwarded. The calls are the
 * gateway's own and go directly to the upstream: clients cannot create workspaces.
 */
export class Workspaces {
  private readonly knownUntil = new Map<string, number>()
  private readonly pending = new Map<string, Promise<void>>()
  private readonly upstream: string
  private readonly clock: Clock

  /** @param upstream Origin of an MLflow that was started with workspaces enabled */
  constructor(upstream: string, clock: Clock) {
    this.upstream = upstream
    this.clock = clock
  }

  /** Undefined when there is nothing to wait for. Concurrent calls share one attempt; a failure is not remembered. */
  ensure(project: Project): Promise<void> | undefined {
    if ((this.knownUntil.get(project.id) ?? 0) > this.clock()) return undefined
    const running = this.pending.get(project.id)
    if (running) return running
    const attempt = this.findOrCreate(project)
      .then(() => {
        this.knownUntil.set(project.id, this.clock() + REMEMBER_MS)
      })
      .finally(() => this.pending.delete(project.id))
    this.pending.set(project.id, attempt)
    return attempt
  }

  private async findOrCreate({ id, name }: Project): Promise<void> {
    const found = await this.call(id, 'GET', `${PATH}/${id}`)
    if (found.status === 200) return
    if (found.status !== 404) throw notReady(id, found.text)
    const created = await this.call(id, 'POST', PATH, { name: id, description: name })
    const exists = created.status < 300 || created.errorCode === 'RESOURCE_ALREADY_EXISTS' // by another process
    if (!exists) throw notReady(id, created.text)
  }

  private async call(id: string, method: 'GET' | 'POST', path: string, body?: object) {
    try {
      const response = await httpRequest(this.upstream + path, {
        method,
        headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }) },
        body: body && JSON.stringify(body),
        timeoutMs: CALL_TIMEOUT_MS,
      })
      const text = `${method} ${path} returned ${response.status}: ${response.text.slice(0, 300)}`
      return { status: response.status, errorCode: errorCodeIn(response.text), text }
    } catch (error) {
      throw notReady(id, `${method} ${path} failed`, error)
    }
  }
}

function errorCodeIn(text: string): unknown {
  try {
    return JSON.parse(text)?.error_code
  } catch {
    return undefined
  }
}

function notReady(id: string, detail: string, cause?: unknown): Refusal {
  const headers = { 'Retry-After': String(RETRY_SECONDS) }
  return new Refusal('upstream-not-ready', `workspace ${id}: ${detail}`, { cause, headers })
}
