import type { Clock } from '../../../shared/clock.ts'
import type { Project } from '../../policy/types.ts'
import { type MlflowApi, notReady } from './mlflow-api.ts'

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
  private readonly api: MlflowApi
  private readonly clock: Clock
  private readonly onReady: (project: Project) => Promise<void>

  /** @param onReady Called once a workspace is known to exist, before requests are forwarded to it. */
  constructor(api: MlflowApi, clock: Clock, onReady: (project: Project) => Promise<void> = async () => {}) {
    this.api = api
    this.clock = clock
    this.onReady = onReady
  }

  /** Undefined when there is nothing to wait for. Concurrent calls share one attempt; a failure is not remembered. */
  ensure(project: Project): Promise<void> | undefined {
    if ((this.knownUntil.get(project.id) ?? 0) > this.clock()) return undefined
    const running = this.pending.get(project.id)
    if (running) return running
    const attempt = this.findOrCreate(project)
      .then(() => this.onReady(project))
      .then(() => {
        this.knownUntil.set(project.id, this.clock() + REMEMBER_MS)
      })
      .finally(() => this.pending.delete(project.id))
    this.pending.set(project.id, attempt)
    return attempt
  }

  private async findOrCreate({ id, name }: Project): Promise<void> {
    const found = await this.api.call(undefined, 'GET', `${PATH}/${id}`)
    if (found.status === 200) return
    if (found.status !== 404) throw notReady(`workspace ${id}: ${found.text}`)
    const created = await this.api.call(undefined, 'POST', PATH, { name: id, description: name })
    const exists = created.status < 300 || created.json.error_code === 'RESOURCE_ALREADY_EXISTS' // by another process
    if (!exists) throw notReady(`workspace ${id}: ${created.text}`)
  }
}
