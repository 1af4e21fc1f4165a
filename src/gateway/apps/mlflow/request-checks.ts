import { Refusal } from '../../errors.ts'
import type { AppRequest } from '../profile.ts'
import { isAuthorKey } from './body/reserved-keys.ts'
import { isPlainTraceId, PLAIN_TRACE_ID } from './body/trace-id.ts'
import type { FindRoute } from './catalogue/catalogue.ts'

/** MLflow looks up no workspace for a path that ends like this one, whatever comes before it. */
const SERVER_INFO_END = /\/mlflow\/server-info\/*$/
const SERVER_INFO = /^\/(?:ajax-)?api\/3\.0\/mlflow\/server-info$/
/** The key of a tag in a path is its last segment. */
const MODEL_TAG = /^\/(?:ajax-)?api\/2\.0\/mlflow\/logged-models\/[^/]+\/tags\//

/** Requests that MLflow has no use for, and that would reach it past the rules for ordinary ones. */
export function isNeverForwarded({ decodedPath, headers }: AppRequest): boolean {
  const isWebSocket = headers.upgrade?.toLowerCase() === 'websocket' || headers['sec-websocket-key'] !== undefined
  return isWebSocket || (SERVER_INFO_END.test(decodedPath) && !SERVER_INFO.test(decodedPath))
}

/**
 * Checks an admitted request outside of its body.
 * @throws Refusal `request-malformed`, `app-denied`
 */
export function checkRequest(request: AppRequest, find: FindRoute): void {
  const { method, decodedPath, headers } = request
  const hasBody = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
  // MLflow reads the fields of a GET from its body where it has no query, and those of a HEAD always.
  if (hasBody && (method === 'GET' || method === 'HEAD')) {
    const explain = `${method}: expected no body. Send the parameters in the query.`
    throw new Refusal('request-malformed', explain, { explain })
  }
  checkTraceIds(request, find)
  if (method === 'DELETE' && MODEL_TAG.test(decodedPath)) {
    const key = find(method, decodedPath)?.parameters(decodedPath).tag_key
    if (key === undefined || isAuthorKey(key)) {
      const explain = 'The author of a model cannot be removed.'
      throw new Refusal('app-denied', explain, { explain })
    }
  }
}

/** Reading a trace reads files at a path that its ID is part of. */
function checkTraceIds({ method, decodedPath, query }: AppRequest, find: FindRoute): void {
  if (!/[/\\%?#]/.test(query)) return
  const fields = find(method, decodedPath)?.request?.query.fields
  if (!fields) return
  for (const [name, value] of new URLSearchParams(query)) {
    if (fields.get(name)?.kind !== 'trace' || isPlainTraceId(value)) continue
    const explain = `${name}: ${PLAIN_TRACE_ID}`
    throw new Refusal('request-malformed', explain, { explain })
  }
}
