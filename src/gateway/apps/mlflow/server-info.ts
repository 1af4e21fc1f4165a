import type { AppRequest, ResponseRule } from '../profile.ts'
import type { Transfers } from './transfers.ts'

const SERVER_INFO = /^\/(ajax-)?api\/3\.0\/mlflow\/server-info$/
/** What clients may do with presigned URLs alone, in every release. */
const PAST_THE_GATEWAY = /multipart|presigned/
const MAX_BYTES = 65_536

/**
 * MLflow's description of itself, corrected for a client behind the gateway.
 *
 * For all clients: no multipart transfers and no presigned URLs, which would bypass the gateway on their way to the object
 * store, unless the route permits them. For the user
 * interface: no workspaces (the gateway has selected one; the picker would offer others), and the AI gateway's pages for
 * administrators only. Other clients still see workspaces: `MLFLOW_WORKSPACE` requires them.
 */
export function serverInfoRule(
  { method, decodedPath }: AppRequest,
  transfers: Transfers['mode'],
): ResponseRule | undefined {
  const match = method === 'GET' ? SERVER_INFO.exec(decodedPath) : null
  if (!match) return undefined
  const forBrowser = match[1] !== undefined
  return {
    maxBytes: MAX_BYTES,
    rewrite(status, body, { role }) {
      if (status !== 200) return body
      const info: Record<string, unknown> = JSON.parse(body.toString())
      if (transfers !== 'presigned') for (const name in info) if (PAST_THE_GATEWAY.test(name)) info[name] = false
      if (forBrowser) {
        info.workspaces_enabled = false
        if (role !== 'admin') info.features_enabled = { ...(info.features_enabled as object), gateway: false }
      }
      return Buffer.from(JSON.stringify(info))
    },
  }
}
