import assert from 'node:assert/strict'
import { signed, unsigned } from '../../../misbehaving-issuer/keys.ts'
import type { Instance, Json, Misbehaviour } from '../../../misbehaving-issuer/misbehaviour.ts'
import { type JwtMisbehaviour, logoutToken, SESSION_ID } from '../../../misbehaving-issuer/tokens.ts'
import { signOut } from './logout-play.ts'
import { outcomeOf, refresh, type Stage, sendLogoutToken, signIn } from './play.ts'

/** How one test of the suite is played: what its issuer does, and what is observed of the gateway. */
export interface Play {
  readonly issuer: Misbehaviour
  /** Section `issuer` of the configuration, laid over the usual one. */
  readonly config?: Json
  readonly observe: (stage: Stage) => Promise<string>
}

/** ID tokens of the suite contain no claims of the user: they come from userinfo. */
const BARE: Json = { groups: undefined, preferred_username: undefined, name: undefined }

const claims =
  (changes: (at: Instance) => Json) =>
  (at: Instance): Json => ({ ...BARE, ...changes(at) })
const withoutKid = ({ kid: _, ...key }: Json): Json => key

async function principalOf({ kit, browser }: Stage) {
  return (await kit.deps.sessions.load(browser.cookieHeader))?.principal
}

/** A sign-in, and whether userinfo was requested. */
async function userinfo(stage: Stage): Promise<string> {
  const outcome = outcomeOf(stage, await signIn(stage))
  const requested = stage.at.requests.userinfo > 0
  if (outcome !== 'accepted') return `no session (\`${outcome}\`), ${requested ? 'a' : 'no'} request to userinfo`
  return requested ? 'a session; requests userinfo' : 'a session'
}

const idToken = (bent: Misbehaviour): Play => ({ issuer: { claims: BARE, ...bent }, observe: userinfo })

async function accepted(stage: Stage): Promise<void> {
  assert.equal(outcomeOf(stage, await signIn(stage)), 'accepted')
}

const rotated = (from: (at: Instance) => boolean): Misbehaviour => ({
  jwks: (right, at) => (from(at) ? { keys: [at.keys.second.jwk] } : right),
  sign: (payload, header, at) =>
    signed(payload, { ...header, kid: at.keys[keyOf(at, from)].kid }, at.keys[keyOf(at, from)]),
})
const keyOf = (at: Instance, from: (at: Instance) => boolean) => (from(at) ? 'second' : 'first')

export const SIGN_IN_PLAYS: Readonly<Record<string, Play>> = {
  'oidcc-client-test': idToken({}),
  'oidcc-client-test-invalid-iss': idToken({ claims: claims((at) => ({ iss: `${at.url}1` })) }),
  'oidcc-client-test-missing-sub': idToken({ claims: claims(() => ({ sub: undefined })) }),
  'oidcc-client-test-invalid-aud': idToken({ claims: claims((at) => ({ aud: `${at.clientId}1` })) }),
  'oidcc-client-test-missing-iat': idToken({ claims: claims(() => ({ iat: undefined })) }),
  'oidcc-client-test-kid-absent-single-jwks': idToken({
    header: { kid: undefined },
    jwks: ({ keys }) => ({ keys: keys.map(withoutKid) }),
  }),
  'oidcc-client-test-kid-absent-multiple-jwks': idToken({
    header: { kid: undefined },
    jwks: (right, { keys }) => ({ keys: [keys.second.jwk, ...right.keys].map(withoutKid) }),
  }),
  'oidcc-client-test-idtoken-sig-rs256': idToken({
    metadata: (right) => ({ ...right, id_token_signing_alg_values_supported: ['RS256'] }),
  }),
  'oidcc-client-test-idtoken-sig-none': idToken({ sign: (payload) => unsigned(payload, { alg: 'none' }) }),
  'oidcc-client-test-invalid-sig-rs256': idToken({
    sign: async (payload, header, { keys }) =>
      (await signed(payload, header, keys.first)).replace(/\.[^.]{4}([^.]*)$/, '.AAAA$1'),
  }),
  'oidcc-client-test-userinfo-invalid-sub': {
    issuer: { claims: BARE, userinfo: (right) => ({ ...right, sub: `${right.sub}invalid` }) },
    async observe(stage) {
      await accepted(stage)
      const principal = await principalOf(stage)
      assert.equal(principal?.subject, 'alice-sub')
      return principal?.groups.size === 0 ? 'a session without any claim of userinfo' : 'claims of userinfo are used'
    },
  },
  'oidcc-client-test-nonce-invalid': idToken({ claims: claims(() => ({ nonce: 'invalid' })) }),
  'oidcc-client-test-scope-userinfo-claims': {
    issuer: { claims: BARE, userinfo: (right) => ({ ...right, name: 'Alice Example', email: 'alice@example.org' }) },
    async observe(stage) {
      const started = await stage.browser.open('/auth/login')
      const scopes = new URL(started.get('location') ?? '').searchParams.get('scope')?.replaceAll(' ', ', ')
      await accepted(stage)
      const { name, email } = (await principalOf(stage)) ?? {}
      const isWhole = name === 'Alice Example' && email === 'alice@example.org'
      return `requests the scopes ${scopes}; a session with${isWhole ? '' : 'out'} the claims of userinfo`
    },
  },
  'oidcc-client-test-client-secret-basic': {
    issuer: {},
    async observe(stage) {
      await accepted(stage)
      const [scheme, credentials = ''] = stage.at.authorization?.split(' ') ?? []
      const [id, secret] = Buffer.from(credentials, 'base64').toString().split(':')
      assert.equal(new URLSearchParams(`secret=${secret}`).get('secret'), stage.at.secret)
      assert.equal(id, stage.at.clientId)
      return `authenticates with ${scheme}; a session`
    },
  },
  'oidcc-client-test-discovery-openid-config': {
    issuer: {},
    async observe(stage) {
      await accepted(stage)
      return stage.at.requests.discovery > 0 ? 'requests the metadata; a session' : 'a session'
    },
  },
  'oidcc-client-test-discovery-jwks-uri-keys': {
    issuer: { metadata: (right, { url }) => ({ ...right, jwks_uri: `${url}/jwks-elsewhere` }) },
    async observe(stage) {
      await accepted(stage)
      return stage.at.requests.jwks === 1 ? 'loads the keys from there; a session' : 'a session'
    },
  },
  'oidcc-client-test-discovery-issuer-mismatch': {
    issuer: { metadata: (right) => ({ ...right, issuer: `${right.issuer}1` }) },
    async observe(stage) {
      const outcome = outcomeOf(stage, await signIn(stage))
      return `${stage.at.requests.authorize === 0 ? 'no' : 'an'} authorization request (\`${outcome}\`)`
    },
  },
  'oidcc-client-test-signing-key-rotation-just-before-signing': {
    issuer: rotated((at) => at.requests.token > 0),
    async observe(stage) {
      const keys = await stage.kit.deps.issuer.keys()
      await keys.reload()
      await accepted(stage)
      assert.equal(stage.at.requests.jwks, 2)
      return 'loads the keys twice; a session'
    },
  },
  'oidcc-client-test-signing-key-rotation': {
    issuer: rotated((at) => at.requests.token > 1),
    async observe(stage) {
      await accepted(stage)
      await accepted(stage)
      assert.equal(stage.at.requests.jwks, 2)
      return 'loads the keys twice; two sessions, one after the other'
    },
  },
}

const refreshed = (bent: JwtMisbehaviour): Play => ({
  issuer: { onRefresh: bent },
  async observe(stage) {
    await accepted(stage)
    const outcome = await refresh(stage)
    assert.equal(stage.at.requests.userinfo, 0)
    return outcome === 'accepted' ? 'new tokens' : `the new tokens are not used (\`${outcome}\`)`
  },
})

export const REFRESH_PLAYS: Readonly<Record<string, Play>> = {
  'oidcc-client-test-refresh-token': {
    issuer: {
      onRefresh: { claims: BARE, token: (right) => ({ ...right, access_token: 'second-access-token' }) },
    },
    async observe(stage) {
      await accepted(stage)
      assert.equal(await refresh(stage), 'accepted')
      const withNew = stage.at.userinfoAuthorization === 'Bearer second-access-token'
      return `new tokens; requests userinfo with the ${withNew ? 'new' : 'previous'} access token`
    },
  },
  'oidcc-client-test-refresh-token-invalid-issuer': refreshed({ claims: (at) => ({ iss: `${at.url}1` }) }),
  'oidcc-client-test-refresh-token-invalid-sub': refreshed({ claims: { sub: 'alice-sub1' } }),
}

const hasSession = async ({ kit }: Stage, cookie: string) => (await kit.deps.sessions.load(cookie)) !== undefined

async function ended(stage: Stage, cookie: string): Promise<string> {
  return (await hasSession(stage, cookie)) ? 'the session continues' : 'the session ends'
}

const rpInitiated = (endSession: (to: URL) => void): Play => ({
  issuer: { endSession },
  async observe(stage) {
    await accepted(stage)
    const { cookieHeader } = stage.browser
    const { landed, hint, fields } = await signOut(stage, '/mlflow/#/x')
    assert.equal(hint.split('.').length, 3)
    assert.equal(fields.get('post_logout_redirect_uri'), 'https://o.example/auth/signed-out')
    assert.ok(fields.has('state'), 'without it the suite skips the tests of another state')
    assert.equal((await sendLogoutToken(stage, await logoutToken(stage.at))).status, 200)
    const where = landed.get('location') === '/mlflow/#/x' ? RETURNS : landed.status === 200 && SIGNED_OUT
    return `${await ended(stage, cookieHeader)}; ${where}`
  },
})
const RETURNS = 'returns to the page that was asked for'
const SIGNED_OUT = 'shows the signed-out page'

async function frame({ browser, at }: Stage): Promise<string> {
  const query = new URLSearchParams({ iss: at.url, sid: SESSION_ID })
  const response = await browser.open(`/auth/frontchannel-logout?${query}`)
  const policy = response.get('content-security-policy') ?? ''
  const isFramed = policy.includes(`frame-ancestors ${new URL(at.url).origin};`)
  assert.equal(response.get('cache-control'), 'no-store')
  return `${response.status} in ${isFramed ? 'a frame of the issuer' : 'no frame'}`
}

const backChannel = (
  bent: JwtMisbehaviour,
  rest: Omit<Play, 'observe' | 'issuer'> & { issuer?: Misbehaviour } = {},
): Play => ({
  issuer: {},
  ...rest,
  async observe(stage) {
    await accepted(stage)
    const { status, body, headers } = await sendLogoutToken(stage, await logoutToken(stage.at, bent))
    assert.equal(headers['cache-control'], 'no-store')
    const reason = body.reason === undefined ? '' : ` \`${body.reason}\``
    return `${status}${reason}, ${await ended(stage, stage.browser.cookieHeader)}`
  },
})

const B = 'oidcc-client-test-rp-backchannel-rpinitlogout'
export const LOGOUT_PLAYS: Readonly<Record<string, Play>> = {
  'oidcc-client-test-rp-init-logout': rpInitiated(() => undefined),
  'oidcc-client-test-rp-init-logout-other-state': rpInitiated((to) => to.searchParams.set('state', 'another')),
  'oidcc-client-test-rp-init-logout-no-state': rpInitiated((to) => to.searchParams.delete('state')),
  'oidcc-client-test-rp-frontchannel-rpinitlogout': {
    issuer: {},
    async observe(stage) {
      await accepted(stage)
      const { cookieHeader } = stage.browser
      const page = await stage.browser.post('/auth/logout')
      assert.equal(page.status, 200)
      const framed = await frame(stage)
      const landed = await stage.browser.open('/auth/signed-out')
      return `${framed}; ${await ended(stage, cookieHeader)}; ${landed.status === 200 && SIGNED_OUT}`
    },
  },
  'oidcc-client-test-rp-frontchannel-opinitlogout': {
    issuer: {},
    async observe(stage) {
      await accepted(stage)
      const { cookieHeader } = stage.browser
      return `${await frame(stage)}; ${await ended(stage, cookieHeader)}`
    },
  },
  [B]: backChannel({ claims: { ignored_claim: 'understood by nobody' } }),
  [`${B}-alg-none`]: backChannel({ sign: (payload) => unsigned(payload, { alg: 'none' }) }),
  [`${B}-no-event`]: backChannel({ claims: { events: undefined } }),
  [`${B}-with-nonce`]: backChannel({ claims: { nonce: 'a-nonce' } }),
  [`${B}-wrong-alg`]: backChannel(
    { sign: (payload, header, { keys }) => signed(payload, { ...header, alg: 'ES256', kid: 'ec' }, keys.ec) },
    {
      issuer: { jwks: (right, { keys }) => ({ keys: [...right.keys, keys.ec.jwk] }) },
      config: { algorithms: ['RS256'] },
    },
  ),
  [`${B}-wrong-aud`]: backChannel({ claims: (at) => ({ aud: `${at.clientId}INVALID` }) }),
  [`${B}-wrong-event`]: backChannel({ claims: { events: { 'http://schemas.openid.net/event/foobar': {} } } }),
  [`${B}-wrong-iss`]: backChannel({ claims: (at) => ({ iss: `${at.url}INVALID` }) }),
}
