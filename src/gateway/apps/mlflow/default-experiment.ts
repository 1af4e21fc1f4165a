import type { Project } from '../../policy/types.ts'
import type { Admission, AppRequest } from '../profile.ts'
import type { MlflowApi } from './mlflow-api.ts'

/*
 * MLflow's clients use experiment `0` when nobody names another. That is an experiment of MLflow's own workspace, which
 * no project reaches, so in a project's requests `0` stands for the project's default experiment. Responses are not
 * changed: they name the experiment by its own identifier.
 */

/** An export of traces names its experiment in a header. */
export const EXPERIMENT_HEADER = 'x-mlflow-experiment-id'

const EXPERIMENTS = '/api/2.0/mlflow/experiments'
/** MLflow's own name for it. */
const NAME = 'Default'

/** Finds or creates each project's default experiment. */
export class DefaultExperiments {
  private readonly known = new Map<string, string>()
  private readonly api: MlflowApi

  constructor(api: MlflowApi) {
    this.api = api
  }

  /** Identifier of the experiment; undefined where there is none (yet): then `0` is forwarded as it is. */
  get(projectId: string): string | undefined {
    return this.known.get(projectId)
  }

  /** Looks the experiment up, and creates it where there is none. A project without it works all the same. */
  async ensure({ id }: Project): Promise<void> {
    const find = async () =>
      (await this.api.call(id, 'GET', `${EXPERIMENTS}/get-by-name?experiment_name=${NAME}`)).json.experiment
    const found =
      idOf(await find()) ??
      idOf((await this.api.call(id, 'POST', `${EXPERIMENTS}/create`, { name: NAME })).json) ??
      idOf(await find()) // created by another process
    if (found !== undefined) this.known.set(id, found)
  }
}

function idOf(experiment: unknown): string | undefined {
  const id: unknown = Object(experiment).experiment_id
  return typeof id === 'string' && id !== '' ? id : undefined
}

/** Undefined: `0` is MLflow's own. */
export interface Defaults {
  defaultExperiment?(projectId: string): string | undefined
}

export function headersFor({ request, project }: Admission, tenancy: Defaults): Record<string, string> {
  const headers: Record<string, string> = {}
  const experiment = request.headers[EXPERIMENT_HEADER]
  if (typeof experiment === 'string')
    headers[EXPERIMENT_HEADER] =
      (experiment === '0' && project && tenancy.defaultExperiment?.(project.id)) || experiment
  // Dropped everywhere else: only calls of model endpoints are forwarded as they were encoded.
  const coding = request.headers['content-encoding']
  if (coding !== undefined && isModelCall(request)) headers['content-encoding'] = coding
  return headers
}

/** A call of a model endpoint: its query, encoding and body are the model provider's. */
export const isModelCall = ({ decodedPath }: AppRequest) => decodedPath.startsWith('/gateway/')
