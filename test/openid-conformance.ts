/**
 * The tests of the OpenID Foundation's relying-party plans, by the names of its conformance suite
 * (openid-certification/conformance-suite, `src/main/java/net/openid/conformance/openid/client`, August 2026).
 * `test/unit/gateway/misbehaving-issuer/conformance.test.ts` plays each against the gateway and compares what it observes
 * with `observed`; `npm run docs` writes docs/reference/openid-conformance.md.
 */
export interface ConformanceTest {
  /** What the suite demands of a relying party. */
  readonly demanded: string
  /** What the gateway does, as the test observes it. */
  readonly observed: string
  /** Whether that is what is demanded; the suite reports a permitted rejection as skipped. */
  readonly result: 'meets it' | 'meets it by rejecting, which is allowed'
  /** What else a reader should know. */
  readonly note?: string
}

export interface ConformancePlan {
  readonly title: string
  /** Its name in the suite. */
  readonly name: string
  readonly about?: string
  readonly tests: Readonly<Record<string, ConformanceTest>>
}

const REJECTS = 'no session (`login-failed`), no request to userinfo'
const DENIED = '400 `request-malformed`, the session continues'

const meets = (demanded: string, observed: string, note?: string): ConformanceTest => ({
  demanded,
  observed,
  result: 'meets it',
  ...(note !== undefined && { note }),
})
const mayReject = (demanded: string, observed: string): ConformanceTest => ({
  demanded,
  observed,
  result: 'meets it by rejecting, which is allowed',
})

const UNSIGNED = mayReject('Accept the ID token without a signature and request userinfo, or reject it.', REJECTS)

const BASIC: ConformancePlan = {
  title: 'Basic RP',
  name: 'oidcc-client-basic-certification-test-plan',
  tests: {
    'oidcc-client-test': meets(
      'Sign in with the code flow and request userinfo.',
      'a session; requests userinfo',
      'Userinfo is requested if the ID token has no groups claim, as in the suite.',
    ),
    'oidcc-client-test-invalid-iss': meets('Reject an ID token of another issuer.', REJECTS),
    'oidcc-client-test-missing-sub': meets('Reject an ID token without `sub`.', REJECTS),
    'oidcc-client-test-invalid-aud': meets('Reject an ID token for another client.', REJECTS),
    'oidcc-client-test-missing-iat': meets('Reject an ID token without `iat`.', REJECTS),
    'oidcc-client-test-kid-absent-single-jwks': meets(
      'Without a key ID, verify the signature by the single published key and accept the ID token.',
      'a session; requests userinfo',
    ),
    'oidcc-client-test-kid-absent-multiple-jwks': meets(
      'Without key IDs and with several keys, try all keys, or reject the ID token.',
      'a session; requests userinfo',
      'All keys are tried.',
    ),
    'oidcc-client-test-idtoken-sig-rs256': meets(
      'Accept an ID token signed with RS256.',
      'a session; requests userinfo',
    ),
    'oidcc-client-test-idtoken-sig-none': UNSIGNED,
    'oidcc-client-test-invalid-sig-rs256': meets(
      'Reject an ID token with an invalid signature.',
      REJECTS,
      'The suite allows skipping this check for the token endpoint. The gateway never skips it.',
    ),
    'oidcc-client-test-userinfo-invalid-sub': meets(
      'Reject a userinfo response about another `sub`.',
      'a session without any claim of userinfo',
    ),
    'oidcc-client-test-nonce-invalid': meets('Reject an ID token with another `nonce`.', REJECTS),
    'oidcc-client-test-scope-userinfo-claims': meets(
      'Request claims by one of the scopes profile, email, phone and address.',
      'requests the scopes openid, profile, email; a session with the claims of userinfo',
    ),
    'oidcc-client-test-client-secret-basic': meets(
      'Authenticate at the token endpoint with `client_secret_basic`.',
      'authenticates with Basic; a session',
    ),
  },
}

const CONFIG: ConformancePlan = {
  title: 'Config RP',
  name: 'oidcc-client-config-certification-test-plan',
  tests: {
    'oidcc-client-test-discovery-openid-config': meets(
      'Request the metadata and use it.',
      'requests the metadata; a session',
    ),
    'oidcc-client-test-discovery-jwks-uri-keys': meets(
      'Load the keys from the `jwks_uri` of the metadata.',
      'loads the keys from there; a session',
    ),
    'oidcc-client-test-discovery-issuer-mismatch': meets(
      'Stop if the metadata names another issuer.',
      'no authorization request (`issuer-down`)',
    ),
    'oidcc-client-test-idtoken-sig-none': UNSIGNED,
    'oidcc-client-test-signing-key-rotation-just-before-signing': meets(
      'Load the keys again when the key of an ID token is not known yet.',
      'loads the keys twice; a session',
    ),
    'oidcc-client-test-signing-key-rotation': meets(
      'Sign in again after the issuer has changed its key.',
      'loads the keys twice; two sessions, one after the other',
    ),
  },
}

const RP_INITIATED: ConformancePlan = {
  title: 'RP-Initiated RP',
  name: 'oidcc-client-rp-initiated-logout-rp-basic',
  tests: {
    'oidcc-client-test-rp-init-logout': meets(
      'Request the end of the session with `id_token_hint` and a registered `post_logout_redirect_uri`, and handle the return.',
      'the session ends; returns to the page that was asked for',
    ),
    'oidcc-client-test-rp-init-logout-other-state': meets(
      'Handle the return with another `state`.',
      'the session ends; shows the signed-out page',
    ),
    'oidcc-client-test-rp-init-logout-no-state': meets(
      'Handle the return without `state`.',
      'the session ends; shows the signed-out page',
    ),
  },
}

const FRONT_CHANNEL: ConformancePlan = {
  title: 'Front-Channel RP',
  name: 'oidcc-client-front-channel-logout-rp-basic',
  about:
    'Register `frontchannel_logout_session_required: true`, so that the issuer sends `iss` and `sid`. The second test is part of the plan `oidcc-client-logout-test-plan`.',
  tests: {
    'oidcc-client-test-rp-frontchannel-rpinitlogout': meets(
      'After a sign-out at the relying party, show the front-channel page in a frame of the issuer and handle the return.',
      '200 in a frame of the issuer; the session ends; shows the signed-out page',
    ),
    'oidcc-client-test-rp-frontchannel-opinitlogout': meets(
      'Show the front-channel page in a frame of the issuer when the sign-out began there.',
      '200 in a frame of the issuer; the session ends',
    ),
  },
}

const BACK_CHANNEL: ConformancePlan = {
  title: 'Back-Channel RP',
  name: 'oidcc-client-back-channel-logout-rp-basic',
  about: 'The suite sends the logout token after a sign-out at the relying party. Here the session still exists.',
  tests: {
    'oidcc-client-test-rp-backchannel-rpinitlogout': meets(
      'Respond with 200 to a valid logout token, and do not let the response be stored.',
      '200, the session ends',
    ),
    'oidcc-client-test-rp-backchannel-rpinitlogout-alg-none': meets('Respond with 400 to alg none.', DENIED),
    'oidcc-client-test-rp-backchannel-rpinitlogout-no-event': meets('Respond with 400 without `events`.', DENIED),
    'oidcc-client-test-rp-backchannel-rpinitlogout-with-nonce': meets('Respond with 400 to a `nonce`.', DENIED),
    'oidcc-client-test-rp-backchannel-rpinitlogout-wrong-alg': meets(
      'Respond with 400 to an algorithm that the client did not register, by a published key.',
      DENIED,
      'With `issuer.algorithms: [RS256]`. By default ES256 is accepted as well.',
    ),
    'oidcc-client-test-rp-backchannel-rpinitlogout-wrong-aud': meets('Respond with 400 to another `aud`.', DENIED),
    'oidcc-client-test-rp-backchannel-rpinitlogout-wrong-event': meets('Respond with 400 to another event.', DENIED),
    'oidcc-client-test-rp-backchannel-rpinitlogout-wrong-iss': meets('Respond with 400 to another `iss`.', DENIED),
  },
}

const REFRESH: ConformancePlan = {
  title: 'Refresh tokens',
  name: 'oidcc-client-refreshtoken-test-plan',
  about: 'Not part of the certification program.',
  tests: {
    'oidcc-client-test-refresh-token': meets(
      'Refresh the tokens and request userinfo with the new access token.',
      'new tokens; requests userinfo with the new access token',
    ),
    'oidcc-client-test-refresh-token-invalid-issuer': meets(
      'Reject a refreshed ID token of another issuer.',
      'the new tokens are not used (`login-failed`)',
    ),
    'oidcc-client-test-refresh-token-invalid-sub': meets(
      'Reject a refreshed ID token about another `sub`.',
      'the new tokens are not used (`login-failed`)',
    ),
  },
}

export const CONFORMANCE_PLANS: readonly ConformancePlan[] = [
  BASIC,
  CONFIG,
  RP_INITIATED,
  FRONT_CHANNEL,
  BACK_CHANNEL,
  REFRESH,
]
