import type { AppRequest, ResponseRule } from '../profile.ts'

const SERVER_INFO = /^\/(ajax-)?api\/3\.0\/mlflow\/server-info$/
const MAX_BYTES = 65_536

/**
 * What MLflow says of itself, corrected for a client behind the gateway.
 *
 * Always: no multipart transfers, which would go to the object store past the gateway. To the user interface: no
 * workspaces (the gateway has chosen one; the picker would offer others), and the AI gateway's pages to administrators
 * alone. To other clients workspaces stay announced: one that names its project by `MLFLOW_WORKSPACE` insists on it.
 */
export function serverInfoRule({ method, decodedPath }: AppRequest): ResponseRule | undefined {
  const match = method === 'GET' ? SERVER_INFO.exec(decodedPath) : null
  if (!match) return undefined
  const forBrowser = match[1] !== undefined
  return {
    maxBytes: MAX_BYTES,
    rewrite(status, body, { role }) {
      if (status !== 200) return body
      const info: Record<string, unknown> = JSON.parse(body.toString())
      info.multipart_uploads_enabled = false
      info.multipart_downloads_enabled = false
      if (forBrowser) {
        info.workspaces_enabled = false
        if (role !== 'admin') info.features_enabled = { ...(info.features_enabled as object), gateway: false }
      }
      return Buffer.from(JSON.stringify(info))
    },
  }
}
