import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Door, Lab } from './lab.ts'

export const SECRET = 'SECRET-OF-CAROL'

/** What carol keeps in her project, and what an attacker may know of it: identifiers are guessable, or leak in links. */
export interface Victim {
  readonly experimentId: string
  readonly runId: string
  readonly traceId: string
  /** Where the trace's files lie, as MLflow writes it. */
  readonly traceLocation: string
  /** A directory on the server with archived spans. */
  readonly archive: string
  readonly artifact: string
}

/** Fills carol's project through `door`, and puts archived spans onto the server. */
export async function fillVictim(lab: Lab, door: Door): Promise<Victim> {
  const created = await door.ask('POST /api/2.0/mlflow/experiments/create', { name: SECRET })
  const experimentId = created.pick('experiment_id')
  const run = await door.ask('POST /api/2.0/mlflow/runs/create', { experiment_id: experimentId })
  const runId = run.pick('run.info.run_id')
  const artifact = `${experimentId}/${runId}/artifacts/secret.txt`
  assert.equal((await door.ask(`PUT ${ARTIFACTS}/${artifact}`, SECRET)).status, 200)
  const traceId = `tr-${'b'.repeat(32)}`
  const trace = await startTrace(door, experimentId, traceId)
  const { tags } = JSON.parse(trace.text).trace.trace_info
  const traceLocation: string = tags['mlflow.artifactLocation']
  const spans = { spans: [{ name: SECRET }] }
  const file = traceLocation.replace(/^mlflow-artifacts:\/workspaces\/[^/]+/, '')
  assert.equal((await door.ask(`PUT ${ARTIFACTS}${file}/traces.json`, spans)).status, 200)
  const archive = join(lab.dir, 'archive')
  await mkdir(archive)
  await writeFile(join(archive, 'traces.pb'), archivedSpan(SECRET))
  return { experimentId, runId, traceId, traceLocation, archive, artifact }
}

export const ARTIFACTS = '/api/2.0/mlflow-artifacts/artifacts'

export function startTrace(door: Door, experimentId: string, traceId: string, tags: object = {}) {
  return door.ask('POST /api/3.0/mlflow/traces', {
    trace: {
      trace_info: {
        trace_id: traceId,
        trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experimentId } },
        request_time: '2026-11-22T15:00:00Z',
        execution_duration: '1s',
        state: 'OK',
        trace_metadata: { 'mlflow.user': 'carol' },
        tags,
      },
    },
  })
}

/** OTLP `TracesData` with one root span (opentelemetry trace/v1/trace.proto). */
function archivedSpan(name: string): Buffer {
  const field = (number: number, content: Buffer) =>
    Buffer.concat([Buffer.from([number * 8 + 2, content.length]), content])
  const time = (number: number) => Buffer.from([number * 8 + 1, 1, 0, 0, 0, 0, 0, 0, 0])
  const span = [
    field(1, Buffer.alloc(16, 1)),
    field(2, Buffer.alloc(8, 1)),
    field(5, Buffer.from(name)),
    time(7),
    time(8),
  ]
  return field(1, field(2, field(2, Buffer.concat(span))))
}
