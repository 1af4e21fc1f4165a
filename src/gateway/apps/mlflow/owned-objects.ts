import { createHash } from 'node:crypto'
import { boundedCache } from '../../../shared/bounded-cache.ts'
import { type Clock, systemClock } from '../../../shared/clock.ts'
import { Refusal } from '../../errors.ts'
import type { Admission } from '../profile.ts'
import type { Reference } from './body/body-context.ts'
import { refused } from './body/refused.ts'
import { type MlflowApi, notReady } from './mlflow-api.ts'

/** Identifiers that one request may name for a lookup. */
const MAX_REFERENCES = 1000
/** Lookups of one request at the same time. */
const CONCURRENCY = 8
/** Identifiers that were found. Others are looked up again: they may be created later. */
const REMEMBERED = 50_000
/** An administrator may move an experiment to another project, and SQLite reuses the ID of a deleted one. */
const REMEMBER_MS = 600_000

const V2 = '/api/2.0/mlflow'
const V3 = '/api/3.0/mlflow'
/** How an object is looked up; the workspace is in a header. */
const PATHS: Readonly<Record<string, (id: string, trace: string) => string>> = {
  experiment: (id) => `${V2}/experiments/get?experiment_id=${id}`,
  run: (id) => `${V2}/runs/get?run_id=${id}`,
  model: (id) => `${V2}/logged-models/${id}?allow_deleted=true`,
  issue: (id) => `${V3}/issues/${id}`,
  assessment: (id, trace) => `${V3}/traces/${trace}/assessments/${id}`,
}

/** Knows which objects belong to a project: MLflow is asked in the project's workspace. */
export class OwnedObjects {
  private readonly api: Pick<MlflowApi, 'call'>
  private readonly ownedUntil = boundedCache<number>(REMEMBERED)
  private readonly clock: Clock
  /** By workspace: when the batches before have been looked up. */
  private readonly turns = new Map<string, Promise<void>>()

  constructor(api: Pick<MlflowApi, 'call'>, clock: Clock = systemClock) {
    this.api = api
    this.clock = clock
  }

  /**
   * Refuses a request that names an object of another project. An object that does not exist gets the same response, so
   * that nothing is learned about other projects.
   * @throws Refusal `no-such-object`, `body-refused`, `upstream-not-ready`
   */
  async check(admitted: Admission, references: readonly Reference[]): Promise<void> {
    const workspace = workspaceOf(admitted)
    const distinct = new Map(references.map((reference) => [keyOf(workspace, reference), reference]))
    if (distinct.size > MAX_REFERENCES) throw refused(`body: expected at most ${MAX_REFERENCES} identifiers`)
    const unknown = [...distinct].filter(([key]) => !this.isOwned(key))
    for (let start = 0; start < unknown.length; start += CONCURRENCY) {
      const batch = unknown.slice(start, start + CONCURRENCY)
      await this.inTurn(workspace, () =>
        Promise.all(batch.map(([key, reference]) => this.lookUp(workspace, key, reference))),
      )
      // One that is not owned decides about the whole request: the others are not asked for.
      for (const [key, { kind, otherwise }] of batch) if (!otherwise && !this.isOwned(key)) throw noSuchObject(kind)
    }
    for (const reference of references) {
      if (this.isOwned(keyOf(workspace, reference))) continue
      if (!reference.otherwise) throw noSuchObject(reference.kind)
      reference.otherwise()
    }
  }

  /** One batch of a project at a time, however many requests it sends: MLflow serves the other projects as well. */
  private async inTurn(workspace: string, work: () => Promise<unknown>): Promise<void> {
    const previous = this.turns.get(workspace) ?? Promise.resolve()
    const turn = previous.then(work)
    const settled = turn.then(
      () => undefined,
      () => undefined,
    )
    this.turns.set(workspace, settled)
    try {
      await turn
    } finally {
      if (this.turns.get(workspace) === settled) this.turns.delete(workspace)
    }
  }

  /**
   * An identifier of the project's own in place of one that its client chose: the same for the same choice on the same
   * trace, so that a repeated request does not create a second object.
   */
  derive(admitted: Admission, id: string, trace = ''): string {
    const text = [workspaceOf(admitted), trace, id].join('\0')
    const digest = createHash('sha256').update(text).digest('hex').slice(0, 32)
    return `${/^[a-z]+-/.exec(id)?.[0] ?? ''}${digest}`
  }

  private isOwned(key: string): boolean {
    return (this.ownedUntil.get(key) ?? 0) > this.clock()
  }

  private async lookUp(workspace: string, key: string, { kind, id, trace }: Reference): Promise<void> {
    const path = PATHS[kind]
    if (!path) throw new Refusal('internal', `no lookup for ${kind}`)
    const found = await this.api.call(workspace, 'GET', path(encodeURIComponent(id), encodeURIComponent(trace ?? '')))
    if (found.status === 200) this.ownedUntil.set(key, this.clock() + REMEMBER_MS)
    else if (found.status >= 500) throw notReady(`lookup of ${kind}: ${found.text}`)
  }
}

const keyOf = (workspace: string, { kind, id, trace = '' }: Reference) => [workspace, kind, trace, id].join('\0')

function workspaceOf({ project }: Admission): string {
  if (project) return project.id
  throw new Refusal('project-missing', 'a lookup for a request without a project')
}

/** The same for an object of another project and for one that does not exist. */
function noSuchObject(kind: string): Refusal {
  return new Refusal('no-such-object', `${kind} is not in the project`, {
    explain: `Check the identifier of the ${kind}.`,
  })
}
