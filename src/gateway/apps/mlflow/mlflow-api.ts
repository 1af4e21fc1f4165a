import { httpRequest } from '../../../shared/http-request.ts'
import { Refusal } from '../../errors.ts'

const CALL_TIMEOUT_MS = 10_000

export interface MlflowReply {
  readonly status: number
  /** The JSON of the response; an empty object where it is none. */
  readonly json: Readonly<Record<string, unknown>>
  /** The request and its response, for the log. */
  readonly text: string
}

/** The gateway's own calls to MLflow: directly to the upstream, in the workspace of a project. */
export class MlflowApi {
  private readonly upstream: string

  /** @param upstream Origin of an MLflow that was started with workspaces enabled. */
  constructor(upstream: string) {
    this.upstream = upstream
  }

  /**
   * @param workspace Undefined: a request that names none, e.g. one about workspaces.
   * @throws Refusal `upstream-down`, `upstream-timeout` when there is no response
   */
  async call(workspace: string | undefined, method: 'GET' | 'POST', path: string, body?: object): Promise<MlflowReply> {
    try {
      const response = await httpRequest(this.upstream + path, {
        method,
        headers: {
          accept: 'application/json',
          ...(workspace !== undefined && { 'x-mlflow-workspace': workspace }),
          ...(body && { 'content-type': 'application/json' }),
        },
        body: body && JSON.stringify(body),
        timeoutMs: CALL_TIMEOUT_MS,
      })
      const text = `${method} ${path} returned ${response.status}: ${response.text.slice(0, 300)}`
      return { status: response.status, json: parse(response.text), text }
    } catch (error) {
      throw noResponse(`${method} ${path} failed`, error)
    }
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

/** MLflow responded, but cannot do what the gateway needs for a request; the client may try again. */
export const notReady = (detail: string): Refusal => new Refusal('upstream-not-ready', detail)

/** MLflow did not respond, which has nothing to do with the project. */
const noResponse = (detail: string, cause: unknown) =>
  new Refusal(isTimeout(cause) ? 'upstream-timeout' : 'upstream-down', detail, { cause })

const isTimeout = (cause: unknown) => cause instanceof Error && ['AbortError', 'TimeoutError'].includes(cause.name)
