import { Refusal } from '../../errors.ts'
import type { Admission, AppRequest, BodyRule } from '../profile.ts'
import {
  authorOfModel,
  authorOfRun,
  authorOfTrace,
  type BodyCheck,
  checkJsonBody,
  keepAuthor,
  refuseBookkeeping,
  refuseForeignSource,
  rewriteAuthor,
} from './body-checks.ts'
import { malformed } from './malformed.ts'
import { rewriteExport } from './otlp/export.ts'

const API = '/(?:ajax-)?api'
const TRACING: readonly BodyCheck[] = [refuseBookkeeping, rewriteAuthor]
const NEW_TRACE: readonly BodyCheck[] = [...TRACING, authorOfTrace]

/** The few requests whose body is checked; all others stream. The first match counts. */
const JSON_RULES: readonly [RegExp, readonly BodyCheck[]][] = [
  [new RegExp(`^POST ${API}/2\\.0/mlflow/runs/create(?:-promptlab-run)?$`), [authorOfRun]],
  [new RegExp(`^POST ${API}/2\\.0/mlflow/runs/(?:set-tag|log-batch)$`), [rewriteAuthor]],
  [new RegExp(`^POST ${API}/2\\.0/mlflow/runs/delete-tag$`), [keepAuthor]],
  [new RegExp(`^POST ${API}/2\\.0/mlflow/logged-models$`), [authorOfModel]],
  [new RegExp(`^PATCH ${API}/2\\.0/mlflow/logged-models/[^/]+/tags$`), [rewriteAuthor]],
  [new RegExp(`^POST ${API}/[23]\\.0/mlflow/traces$`), NEW_TRACE],
  [new RegExp(`^(?:POST|PUT|PATCH) ${API}/[23]\\.0/mlflow/traces(?:/|$)`), TRACING],
]
const MODEL_VERSION = new RegExp(`^POST ${API}/2\\.0/mlflow/model-versions/create$`)

export interface BodyLimits {
  /** Bytes of a JSON body. */
  readonly json: number
  /** Bytes of an OTLP export, as sent and once decompressed. */
  readonly otlp: number
}

/**
 * Builds the lookup of body rules.
 * @param sharedStorage Whether projects share one MLflow, so that a model's source must be in its own workspace
 */
export function buildBodyRules(limits: BodyLimits, sharedStorage: boolean) {
  const rules: [RegExp, BodyRule][] = JSON_RULES.map(([regexp, checks]) => [regexp, jsonRule(limits.json, checks)])
  if (sharedStorage) rules.push([MODEL_VERSION, jsonRule(limits.json, [refuseForeignSource])])

  return ({ method, decodedPath }: AppRequest): BodyRule | undefined => {
    if (method === 'GET' || method === 'HEAD') return undefined
    if (decodedPath === '/v1/traces') return otlpRule(limits)
    const request = `${method} ${decodedPath}`
    return rules.find(([regexp]) => regexp.test(request))?.[1]
  }
}

function jsonRule(maxBytes: number, checks: readonly BodyCheck[]): BodyRule {
  return {
    maxBytes,
    rewrite(body, admitted) {
      refuseCoding(admitted.request)
      return checkJsonBody(body, authorOf(admitted), checks)
    },
  }
}

function otlpRule(limits: BodyLimits): BodyRule {
  return {
    maxBytes: limits.otlp,
    rewrite: (body, { request: { headers } }) =>
      rewriteExport(body, { type: headers['content-type'], encoding: headers['content-encoding'] }, limits.otlp),
  }
}

/** MLflow reads JSON as it comes; `Content-Encoding` is not forwarded. */
function refuseCoding({ headers }: AppRequest): void {
  const coding = headers['content-encoding']?.trim().toLowerCase() ?? ''
  if (coding !== '' && coding !== 'identity') throw malformed('Content-Encoding: expected none for JSON')
}

function authorOf({ principal }: Admission): string {
  if (!principal) throw new Refusal('login-required', 'a write to MLflow has no verified author')
  return principal.username
}
