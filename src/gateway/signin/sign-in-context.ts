import { randomUUID } from 'node:crypto'
import type { Request, Response } from 'express'
import type { Clock } from '../../shared/clock.ts'
import { ownOrigins } from '../config/origins.ts'
import type { ClientAddress } from '../http/client-address.ts'
import type { Issuer } from '../issuer/issuer.ts'
import type { Audit } from '../observability/audit.ts'
import { buildPages, type Page, type Pages } from '../pages/pages.ts'
import type { GatewayDeps } from '../runtime/deps.ts'
import { Sealer } from '../sessions/crypto/sealing.ts'
import { Attempts } from '../tokens/attempts.ts'
import type { Authenticate } from '../tokens/authenticate.ts'
import { PendingLogins } from './pending-logins.ts'
import { ReturnTo } from './return-to.ts'

export interface SignInDeps extends GatewayDeps {
  readonly issuer: Issuer
  readonly authenticate: Authenticate
  readonly clientAddress: ClientAddress
  readonly audit: Pick<Audit, 'refused'>
  readonly attempts: LoginAttempts
}

/** Attempts by client address. */
export interface LoginAttempts {
  readonly logins: Attempts
  readonly callbacks: Attempts
}

export const buildLoginAttempts = (perMinute: number, clock: Clock): LoginAttempts => ({
  logins: new Attempts(perMinute, clock),
  callbacks: new Attempts(perMinute, clock),
})

/** What the handlers of the login side share; built once. */
export interface SignInContext extends SignInDeps {
  readonly pages: Pages
  readonly returnTo: ReturnTo
  readonly pending: PendingLogins
  /** Carries a return address through the issuer's logout. */
  readonly logoutState: Sealer
  /** Origins whose pages may send forms and scripts to `/auth/*`. */
  readonly trustedOrigins: ReadonlySet<string>
}

export function buildSignInContext(deps: SignInDeps): SignInContext {
  const { config } = deps
  return {
    ...deps,
    pages: buildPages(config),
    returnTo: new ReturnTo(config),
    pending: new PendingLogins(config),
    logoutState: new Sealer(config.session.secrets, 'logout state'),
    trustedOrigins: new Set([...ownOrigins(config), ...config.cors.allowedOrigins]),
  }
}

/** Address of the client, as far as proxies are believed. */
export const clientOf = ({ clientAddress }: SignInContext, { socket, headers }: Request): string => {
  const forwardedFor = headers['x-forwarded-for']
  return clientAddress(socket.remoteAddress, Array.isArray(forwardedFor) ? forwardedFor.join() : forwardedFor)
}

/** Query parameters as they stand in the request target; nothing is folded into arrays or objects. */
export const queryOf = (req: Request): URLSearchParams => {
  const at = req.originalUrl.indexOf('?')
  return new URLSearchParams(at < 0 ? '' : req.originalUrl.slice(at + 1))
}

/** The id under which this request is logged: the request path's when it gave one, else a new one. */
export function requestIdOf(res: Response): string {
  const given = res.getHeader('x-request-id')
  if (typeof given === 'string') return given
  const id = randomUUID()
  res.setHeader('x-request-id', id)
  return id
}

export function sendPage(res: Response, status: number, page: Page): void {
  res.status(status).set(page.headers).send(page.html)
}

/** 303, so that no body is ever sent on (RFC 9700 §4.12). */
export function redirect(res: Response, location: string): void {
  res.status(303).set('location', location).end()
}
