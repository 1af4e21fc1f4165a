import { appUrl } from '../config/route-url.ts'
import { Refusal } from '../errors.ts'
import { pageReply, type Reply } from '../http/reply.ts'
import type { ClientPackage } from './client-package.ts'
import type { SignInContext } from './sign-in-context.ts'
import type { SignInHandler } from './sign-in-request.ts'

export const CLIENTS = '/auth/clients/'

/** Where pip gets the Python package; undefined where the gateway was built without it. */
export const packageUrlOf = ({ config, clientPackage }: SignInContext): string | undefined =>
  clientPackage && `${config.server.publicUrl}${CLIENTS}${clientPackage.file}`

/**
 * `GET /auth/clients/`: how to install the Python package. Public, like the package itself: pip sends no credentials, and
 * neither contains more than `/auth/client-config` publishes.
 */
export function showClients(context: SignInContext): SignInHandler {
  const { config, pages, clientPackage } = context
  const { publicUrl } = config.server
  const packageUrl = packageUrlOf(context)
  if (clientPackage === undefined || packageUrl === undefined) return () => pageReply(404, pages.clientsMissing())
  const { sha256 } = clientPackage
  const mlflowUrl = appUrl(config, 'mlflow')
  const canSignIn = config.issuer.cliClientId !== undefined
  const page = pages.clients({ publicUrl, packageUrl, sha256, mlflowUrl, canSignIn })
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
export function noSuchClient(context: SignInContext): SignInHandler {
  const packageUrl = packageUrlOf(context)
  const explain =
    packageUrl === undefined
      ? 'This gateway was built without the Python package.'
      : `The current package is ${packageUrl}`
  return () => {
    throw new Refusal('no-route', 'no such client package', { explain })
  }
}
