const NO_STORE = 'needs an object store: object-store.test.ts'
const NO_JOBS = 'starts a job on the server, and job execution is off'
const FILES = '/{,ajax-}api/2.0/mlflow-artifacts'

/** Fields without a probe, by owner, and why. */
export const NOT_PROBED: Readonly<Record<string, string>> = {
  [`POST ${FILES}/mpu/create/{artifact_path...} artifact_path`]: NO_STORE,
  [`POST ${FILES}/mpu/complete/{artifact_path...} artifact_path`]: NO_STORE,
  [`POST ${FILES}/mpu/abort/{artifact_path...} artifact_path`]: NO_STORE,
  [`GET ${FILES}/presigned/{artifact_path...} artifact_path`]: NO_STORE,
  'CreatePromptOptimizationJob.experiment_id': NO_JOBS,
  'CreatePromptOptimizationJob.source_prompt_uri': NO_JOBS,
  'PromptOptimizationJobConfig.dataset_id': NO_JOBS,
  'POST /ajax-api/3.0/mlflow/scorer/invoke experiment_id': NO_JOBS,
  'POST /ajax-api/3.0/mlflow/scorer/invoke trace_ids': NO_JOBS,
  'POST /ajax-api/3.0/mlflow/genai/evaluate/invoke experiment_id': NO_JOBS,
  'POST /ajax-api/3.0/mlflow/genai/evaluate/invoke trace_ids': NO_JOBS,
  'POST /ajax-api/3.0/mlflow/issues/invoke experiment_id': NO_JOBS,
  'POST /ajax-api/3.0/mlflow/issues/invoke trace_ids': NO_JOBS,
  'POST /ajax-api/3.0/mlflow/issues/invoke endpoint_name': NO_JOBS,
  'POST /ajax-api/3.0/mlflow/issues/invoke secret_id': NO_JOBS,
}

const PROVIDER = 'calls the provider of a model'
const NO_PRESIGNED = 'local files have no presigned URLs'

/** Requests that fail for own objects too, by the beginning of the line, and why: what is looked up before that is probed. */
export const NOT_REACHED: readonly [string, string][] = [
  ['POST /gateway/', PROVIDER],
  ['POST /api/2.0/mlflow/artifacts/presigned-', NO_PRESIGNED],
]

/**
 * Fields by which bob learns that something of carol's exists, although nothing is said of it: a client chooses the
 * identifier of a new trace, and no two traces have the same. It is 128 random bits: only who knows it can ask.
 */
export const CHOSEN_BY_CLIENTS: ReadonlySet<string> = new Set(['TraceInfoV3.trace_id'])
