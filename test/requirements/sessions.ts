import { row } from './requirement.ts'

/** Sessions and cookies, logout, outages. */
const BROWSER = 'test/attacks/cases/browser.txt'
const HEADERS = 'test/attacks/cases/headers-in.txt'
const CONFIG = 'test/unit/gateway/config/load.test.ts'
const LOGOUT = 'test/unit/gateway/signin/logout/logout.test.ts'
const GATEWAY = 'test/unit/gateway/request/pipeline.test.ts'
const ENDPOINTS = 'test/unit/gateway/signin/endpoints.test.ts'
const COOKIE = 'test/unit/gateway/sessions/session-cookie.test.ts'
const LIFE = 'test/unit/gateway/sessions/session-limits.test.ts'
const SEAL = 'test/unit/gateway/sessions/crypto/sealing.test.ts'
const STORE_DOWN = 'test/unit/gateway/sessions/store-down.test.ts'
const REFRESH = 'test/unit/gateway/sessions/refresh/refresher.test.ts'
const ENDED = 'test/path/ended-sessions.test.ts'
const OUTAGES = 'test/redis/outages.test.ts'
const FROZEN = 'test/redis/gateway.test.ts'
const BACKCHANNEL = 'test/unit/gateway/signin/logout/backchannel-logout.test.ts'
const FRONTCHANNEL = 'test/unit/gateway/signin/logout/frontchannel-logout.test.ts'
const KEYCLOAK_LOGOUT = 'test/keycloak/logout.test.ts'
const ADMIN = 'test/unit/gateway/admin/session-admin.test.ts'

export const SESSION_ROWS = [
  row('S-60', 'attributes of the session cookie', [COOKIE, 'attributes of'], [COOKIE, 'a host-only cookie']),
  row(
    'S-61',
    'a session ID with sufficient randomness, hashed in the store',
    [COOKIE, 'an id has 256 random bits'],
    [OUTAGES, 'Redis contains no cookie'],
  ),
  row('S-62', 'a modified cookie is not a session', [COOKIE, 'is no session'], [COOKIE, 'the tag of another id']),
  row('S-63', 'two session cookies are never two identities', [HEADERS, 'S-63 the session cookie twice']),
  row('S-64', 'Set-Cookie stays small', [COOKIE, 'fits into any browser']),
  row(
    'S-65',
    'idle and absolute limit, enforced on the server',
    [LIFE, 'a session expires idleSeconds after its last use'],
    [LIFE, 'a session expires absoluteSeconds after sign-in'],
    [ENDED, 'an open stream is a use'],
  ),
  row('S-66', 'the session cookie is not forwarded; others are', [
    HEADERS,
    "H8 the gateway's cookies are dropped, others are forwarded",
  ]),
  row(
    'S-67',
    'malformed cookies identify nobody',
    [HEADERS, 'S-67 eight kilobytes'],
    [HEADERS, 'S-67 thousands of cookies'],
  ),
  row(
    'S-68',
    'the cookie domain includes the public host and is not a public suffix',
    [CONFIG, 'a cookie domain that does not cover the host'],
    [CONFIG, 'a public suffix as cookie domain'],
  ),
  row(
    'S-69',
    'sessions are sealed in the store; keys can be rotated',
    ['test/unit/gateway/sessions/rotation.test.ts', 'a session from before a rotation of the secret stays valid'],
    [
      'test/unit/gateway/sessions/rotation.test.ts',
      'after a secret is withdrawn its sessions are gone, and no request fails',
    ],
    [SEAL, 'text sealed with a previous secret opens'],
  ),
  row('S-70', 'nonces are not reused', [SEAL, 'the same text is never sealed to the same bytes']),
  row('S-71', 'an upstream cannot set the gateway’s cookies', [
    BROWSER,
    "S-71 an upstream cannot set the gateway's cookie",
  ]),
]

export const LOGOUT_ROWS = [
  row(
    'S-160',
    'sign-out ends the session immediately, with its sockets and streams',
    [LOGOUT, 'signing out ends the session in the store'],
    [ENDED, 'a stream is cut when its session ends'],
    ['test/redis/ended-streams.test.ts', 'cuts the streams at all others'],
  ),
  row(
    'S-161',
    'RP-initiated logout',
    [LOGOUT, 'continues at the issuer with POST'],
    [LOGOUT, 'a return address is kept through the issuer'],
    [KEYCLOAK_LOGOUT, 'signing out in the browser ends the session at Keycloak'],
  ),
  row('S-162', 'the refresh token is revoked', [LOGOUT, 'the refresh token is revoked when']),
  row('S-163', 'back-channel logout tokens are validated', [BACKCHANNEL, 'alg none'], [BACKCHANNEL, 'a nonce']),
  row(
    'S-164',
    '`sid` ends that session, `sub` alone all sessions of the user',
    [BACKCHANNEL, 'a logout token with sid ends that session'],
    [BACKCHANNEL, 'a logout token with only a sub'],
    [KEYCLOAK_LOGOUT, 'one session ended at Keycloak'],
    [KEYCLOAK_LOGOUT, 'if the client does not require a sid'],
  ),
  row(
    'S-165',
    '`typ`, `exp`, `iat` and `jti` of a logout token',
    [BACKCHANNEL, 'an old iat'],
    [BACKCHANNEL, 'is accepted once'],
  ),
  row(
    'S-166',
    'administrators can end sessions',
    [ADMIN, 'ends one session by its key'],
    [ADMIN, 'ends every session of a person'],
    ['test/e2e/console.test.ts', 'an administrator without scripts sees every page, and ends sessions'],
  ),
  row(
    'S-167',
    'front-channel logout ends the session that cookie, `iss` and `sid` name together; without a cookie, only at an issuer without back channel',
    [FRONTCHANNEL, 'a session that began in another session at the issuer continues'],
    [FRONTCHANNEL, 'at an issuer with back-channel logout, whoever knows a sid ends nothing'],
    [FRONTCHANNEL, 'guesses of a sid are limited'],
    ['test/e2e/frontchannel-logout.test.ts', 'a page of anybody else cannot show it'],
  ),
]

export const OUTAGE_ROWS = [
  row(
    'S-184',
    'Redis down: nobody is signed in or out',
    [FROZEN, 'while Redis is down nobody can sign in'],
    [STORE_DOWN, 'known sessions stay in use for staleSeconds'],
  ),
  row(
    'S-185',
    'Redis unresponsive: waits are bounded; a sign-out that cannot be stored fails',
    [FROZEN, 'a sign-out that a frozen Redis cannot store'],
    [OUTAGES, 'a frozen Redis is an outage after storeTimeoutMs'],
  ),
  row(
    'S-186',
    'issuer down: known sessions and tokens continue to work',
    ['test/machines/gateway.test.ts', 'while the issuer is unavailable, known callers continue'],
    ['test/machines/gateway.test.ts', 'a sign-in while the issuer is unavailable'],
    ['test/path/issuer-outage.test.ts', 'an outage of the issuer is seen, sessions go on'],
    ['test/unit/gateway/issuer/health.test.ts', 'a flood of sign-ins during an outage is one probe a second'],
  ),
  row(
    'S-187',
    'an outage during a refresh does not end a session; `invalid_grant` does',
    [REFRESH, 'sessions survive an outage of the issuer for the grace period'],
    [REFRESH, 'an ended grant ends the session'],
  ),
  row(
    'S-188',
    'sessions survive restarts; requests drain',
    ['test/path/workers.test.ts', 'SIGTERM'],
    ['test/faults/outages.ts', 'rolling restart of both replicas'],
  ),
  row(
    'S-189',
    'an unexpected error ends only its request',
    [GATEWAY, 'an error nobody foresaw'],
    [ENDPOINTS, 'an error nobody foresaw'],
  ),
]
