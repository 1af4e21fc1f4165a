import { Refusal } from '../errors.ts'
import { pageReply, type Reply } from '../http/reply.ts'
import { clientConfig } from './client-config.ts'
import type { ClientPackage } from './client-package.ts'
import type { SignInContext } from './sign-in-context.ts'
import type { SignInHandler } from './sign-in-request.ts'

export const CLIENTS = '/auth/clients/'

/**
 * `GET /auth/clients/`: how to install the Python package. Public, like the package itself: pip sends no credentials, and
 * neither contains more than `/auth/client-config` publishes.
 */
export function showClients({ config, pages, clientPackage }: SignInContext): SignInHandler {
  const { publicUrl } = config.server
  if (clientPackage === undefined) return () => pageReply(404, pages.clientsMissing())
  const { file, sha256 } = clientPackage
  const mlflowUrl = clientConfig(config).routes.find(({ app }) => app === 'mlflow')?.url
  const canSignIn = config.issuer.cliClientId !== undefined
  const page = pages.clients({ publicUrl, packageUrl: publicUrl + CLIENTS + file, sha256, mlflowUrl, canSignIn })
  return () => pageReply(200, page)
}

/** `GET /auth/clients/FILE`: the wheel. Its name contains the version, so its content never changes (RFC 8246). */
export function sendClientPackage({ content, sha256 }: ClientPackage): SignInHandler {
  const reply: Reply = {
    status: 200,
    headers: [
      ...['Content-Type', 'application/octet-stream', 'Cache-Control', 'public, max-age=31536000, immutable'],
      ...['ETag', `"${sha256}"`, 'Content-Disposition', 'attachment'],
    ],
    body: content,
  }
  return () => reply
}

/** Another file: of an earlier version, or of a gateway that was built without the package. */
export function noSuchClient({ config, clientPackage }: SignInContext): SignInHandler {
  const explain =
    clientPackage === undefined
      ? 'This gateway was built without the Python package.'
      : `The current package is ${config.server.publicUrl}${CLIENTS}${clientPackage.file}`
  return () => {
    throw new Refusal('no-route', 'no such client package', { explain })
  }
}
