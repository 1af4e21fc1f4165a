import { type Training, train } from './training.ts'

/** Sample data of a project. */
export interface Seed {
  /** ID of the project, which is the name of its workspace. */
  readonly projectId: string
  readonly experiment: string
  readonly learningRates: readonly number[]
  readonly wobble: number
}

/**
 * Creates the project's workspace, an experiment, and a run with an artifact per learning rate, directly at MLflow. Does
 * nothing if the experiment exists. Resolves to the experiment's ID.
 */
export async function seedProject(mlflowUrl: string, seed: Seed): Promise<string> {
  const api = new MlflowApi(mlflowUrl, seed.projectId)
  await api.ensureWorkspace()
  const known = await api.experimentId(seed.experiment)
  if (known !== undefined) return known
  const { experiment_id } = await api.post<{ experiment_id: string }>('experiments/create', {
    name: seed.experiment,
    tags: [{ key: 'mlflow.experimentKind', value: 'custom_model_development' }], // MLflow then opens the list of runs instead of traces
  })
  for (const learningRate of seed.learningRates) {
    await logRun(api, experiment_id, learningRate, train(learningRate, seed.wobble))
  }
  return experiment_id
}

async function logRun(api: MlflowApi, experiment_id: string, learningRate: number, training: Training): Promise<void> {
  const start = Date.now()
  const { run } = await api.post<{ run: { info: { run_id: string } } }>('runs/create', {
    experiment_id,
    start_time: start,
    run_name: `rate-${learningRate}`,
    tags: [{ key: 'mlflow.user', value: 'demo' }],
  })
  const { run_id } = run.info
  const metrics = training.losses.map((value, step) => ({ key: 'loss', value, step, timestamp: start + step }))
  await api.post('runs/log-batch', { run_id, metrics, params: [{ key: 'learning_rate', value: String(learningRate) }] })
  const result = { slope: training.slope, intercept: training.intercept, loss: training.losses.at(-1) }
  await api.putArtifact(experiment_id, run_id, 'model.json', JSON.stringify(result, null, 2))
  await api.post('runs/update', { run_id, status: 'FINISHED', end_time: Date.now() })
}

/** The MLflow calls that the seed needs, all in one workspace. */
class MlflowApi {
  readonly #url: string
  readonly #workspace: string

  constructor(url: string, workspace: string) {
    this.#url = url
    this.#workspace = workspace
  }

  async ensureWorkspace(): Promise<void> {
    const workspaces = `${this.#url}/api/3.0/mlflow/workspaces`
    if ((await fetch(`${workspaces}/${this.#workspace}`)).ok) return
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ name: this.#workspace })
    await checked(await fetch(workspaces, { method: 'POST', headers, body }), 'workspaces')
  }

  async experimentId(name: string): Promise<string | undefined> {
    const path = `experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`
    const response = await this.#fetch(`/api/2.0/mlflow/${path}`)
    if (response.status === 404) return undefined
    const { experiment } = (await (await checked(response, path)).json()) as { experiment: { experiment_id: string } }
    return experiment.experiment_id
  }

  async post<T>(path: string, body: object): Promise<T> {
    const headers = { 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    return (await (await checked(await this.#fetch(`/api/2.0/mlflow/${path}`, init), path)).json()) as T
  }

  async putArtifact(experiment: string, run: string, name: string, body: string): Promise<void> {
    const path = `workspaces/${this.#workspace}/${experiment}/${run}/artifacts/${name}`
    const response = await this.#fetch(`/api/2.0/mlflow-artifacts/artifacts/${path}`, { method: 'PUT', body })
    await checked(response, path)
  }

  #fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('x-mlflow-workspace', this.#workspace)
    return fetch(this.#url + path, { ...init, headers })
  }
}

async function checked(response: Response, what: string): Promise<Response> {
  if (response.ok) return response
  throw new Error(`MLflow rejected ${what}: ${response.status} ${(await response.text()).slice(0, 300)}`)
}
