import assert from 'node:assert/strict'
import request from 'supertest'
import { Refusal } from '../../../../src/gateway/errors.ts'
import { buildIntrospect } from '../../../../src/gateway/tokens/bearer/introspection.ts'
import { tokenRefusal } from '../../../../src/gateway/tokens/bearer/token-refusals.ts'
import type { Catalogue, Outcome, Row } from '../../../misbehaving-issuer/catalogue/row.ts'
import type { MisbehavingIssuer } from '../../../misbehaving-issuer/issuer.ts'
import type { Instance } from '../../../misbehaving-issuer/misbehaviour.ts'
import { ACCESS_TOKEN, REFRESH_TOKEN } from '../../../misbehaving-issuer/tokens.ts'
import { type Browser, type LoginKit, startLoginKit } from '../signin/kit.ts'

/** One row: the gateway with an issuer that misbehaves so, and a browser. */
export interface Stage {
  readonly at: Instance
  readonly kit: LoginKit
  readonly browser: Browser
}

type Response = Awaited<ReturnType<Browser['open']>>

export function setUp(issuer: MisbehavingIssuer, name: string, row: Omit<Row, 'outcome'>): Stage {
  const at = issuer.run(name, row)
  // A response that never comes is waited for; any other has time, however busy the machine is.
  const timeoutSeconds = isEndless(name) ? 3 : 20
  const kit = startLoginKit({ ...at }, { issuer: { timeoutSeconds, ...row.config } })
  return { at, kit, browser: kit.browser() }
}

/** Follows a sign-in from the gateway to the issuer and back. @returns the last response of the gateway */
export async function signIn({ browser }: Stage): Promise<Response> {
  const started = await browser.open('/auth/login?return_to=/mlflow/')
  if (started.status !== 303) return started
  const authorization = await fetch(started.get('location') ?? '', { redirect: 'manual' })
  const { pathname, search } = new URL(authorization.headers.get('location') ?? '')
  return browser.open(pathname + search)
}

/** What a sign-in ended with; a page must not show more than its reason. */
export function outcomeOf({ browser }: Stage, { status, text, headers }: Response): Outcome | string {
  if (status === 303 && browser.hasSession) return 'accepted'
  assert.equal(browser.hasSession, false, 'no session')
  assert.equal(headers.location, undefined, 'no loop')
  assert.ok(!text.includes('alert(1)'), 'the page shows nothing of the issuer')
  return /<code>([a-z-]+)<\/code>/.exec(text)?.[1] ?? `status ${status}`
}

/** Refreshes the tokens of the browser's session. */
export async function refresh({ kit, browser }: Stage): Promise<Outcome | string> {
  const session = await kit.deps.sessions.load(browser.cookieHeader)
  assert.ok(session)
  try {
    const refreshed = await kit.deps.issuer.refresh(session)
    if (refreshed === 'ended') return 'ended'
    assert.ok(Number.isFinite(refreshed.tokens.accessExpiresAt))
    assert.ok(!refreshed.principal.groups.has('modelops-admins'))
    return 'accepted'
  } catch (error) {
    return error instanceof Refusal ? error.reason : String(error)
  }
}

/** Verifies an opaque bearer token. */
export async function introspect({ kit }: Stage): Promise<Outcome | string> {
  const { config, clock, log, issuer } = kit.deps
  const verify = buildIntrospect({ config, clock, log, configuration: () => issuer.configuration() })
  try {
    const { until } = await verify('an-opaque-token-of-the-tests')
    assert.ok(until > clock())
    return 'accepted'
  } catch (error) {
    return tokenRefusal(error).reason
  }
}

/** Sends a logout token as the issuer does (OIDC Back-Channel Logout §2.5). */
export const sendLogoutToken = ({ kit }: Stage, logout_token: string) =>
  request(kit.app).post('/auth/backchannel-logout').type('form').send({ logout_token })

/** The digest of a session, whole or its beginning: random text of base64url, which contains `eyJ` by chance. */
const DIGEST = /^[\w-]{8}(?:[\w-]{35})?$/
const withoutDigest = (key: string, value: unknown) =>
  key === 'session' && typeof value === 'string' ? value.replace(DIGEST, '') : value

/** Neither tokens, codes and secrets nor text of the issuer are logged. */
export function assertLogIsClean({ kit, at }: Stage): void {
  const log = JSON.stringify(kit.logged, withoutDigest)
  for (const secret of [ACCESS_TOKEN, REFRESH_TOKEN, at.secret, '-of-the-tests', 'alert(1)', 'eyJ']) {
    assert.ok(!log.includes(secret), `the log contains ${secret}`)
  }
}

/** Whether a response of the misbehaviour never comes, or never ends. */
export const isEndless = (name: string) => name.endsWith('-never')

/** The rows whose responses end. */
export const rowsOf = (catalogue: Catalogue) => Object.entries(catalogue).filter(([name]) => !isEndless(name))
