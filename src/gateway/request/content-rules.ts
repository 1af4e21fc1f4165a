import { Refusal } from '../errors.ts'
import { isWebSocket } from '../http/websocket.ts'
import type { AdmittedRequest } from '../routing/admitted-request.ts'
import { replyOf } from './pass.ts'

/** Whether the gateway must read or write the content of this request or of its response. */
const hasContentRule = ({ route: { profile }, below }: AdmittedRequest) =>
  profile.bodyRule?.(below.app) !== undefined || profile.responseRule?.(below.app) !== undefined

/**
 * A WebSocket carries content that no rule can read.
 * @throws Refusal `app-denied`
 */
export function checkWebSocket(admitted: AdmittedRequest): void {
  if (!admitted.route.config.webSockets) throw new Refusal('app-denied', 'routes.webSockets is off')
  if (hasContentRule(admitted)) throw new Refusal('app-denied', 'content is checked here, which a WebSocket cannot be')
}

/**
 * Denies to forward auth what only the gateway itself can forward: applications whose path it rewrites or that it
 * prepares for a project (MLflow, where a request without its workspace would land in the shared one), bodies that are
 * checked, responses that it gives or rewrites, and routes with two credentials: the proxy would forward both.
 * @throws Refusal `app-denied`
 */
export function checkForwardableByProxy(admitted: AdmittedRequest): void {
  const { context, route } = admitted
  if (isWebSocket(context.head) && !route.config.webSockets) throw new Refusal('app-denied', 'routes.webSockets is off')
  if (route.config.credentials === 'proxy-authorization')
    throw new Refusal('app-denied', 'routes.credentials is proxy-authorization: forward the request to the gateway')
  const { projectInPath, prepare } = route.profile
  if (projectInPath || prepare !== undefined || hasContentRule(admitted) || replyOf(admitted) !== undefined)
    throw new Refusal('app-denied', 'the gateway checks or writes content here: forward the request to the gateway')
}
