/**
 * The security requirements and attack cases with the tests that prove them. `npm run docs` writes
 * `docs/reference/requirements.md` from this table, and `test/unit/requirements.test.ts` fails if a named test is missing.
 */
import { AUDIT_ROWS } from './requirements/audit.ts'
import { CONSOLE_ROWS } from './requirements/console.ts'
import { PROOF_ROWS } from './requirements/proofs.ts'
import { type Requirement, row } from './requirements/requirement.ts'
import { LOGOUT_ROWS, OUTAGE_ROWS, SESSION_ROWS } from './requirements/sessions.ts'
import { STEP_UP_ROWS } from './requirements/step-up.ts'
import { WORKLOAD_ROWS } from './requirements/workloads.ts'

const TWO_CREDENTIALS = 'test/path/two-credentials.test.ts'
const EXCHANGE = 'test/path/token-exchange.test.ts'
const HEADERS = 'test/attacks/cases/headers-in.txt'
const PATHS = 'test/attacks/cases/paths.txt'
const TENANT = 'test/attacks/cases/tenant.txt'
const BROWSER = 'test/attacks/cases/browser.txt'
const WIRE = 'test/attacks/cases/framing.txt'
const REDIRECTS = 'test/attacks/cases/redirects.txt'
const THROUGH_CADDY = 'test/caddy/attacks.test.ts'
const PROPERTY = 'test/attacks/property.test.ts'
const FORWARD_AUTH = 'test/path/forward-auth.test.ts'
const STREAMS = 'test/path/streams.test.ts'
const WEBSOCKET = 'test/path/websocket.test.ts'
const SLOW_BODIES = 'test/path/slow-bodies.test.ts'
const SLOW = 'test/path/slow-clients.test.ts'
const HOSTILE = 'test/unit/gateway/upstream/hostile.test.ts'
const GATEWAY = 'test/unit/gateway/request/pipeline.test.ts'
const DECIDE = 'test/unit/gateway/policy/decision-table.ts'
const QUERY = 'test/unit/gateway/policy/project-query.test.ts'
const RETURN_TO = 'test/unit/gateway/signin/return-to.test.ts'
const COMBINED = 'test/unit/gateway/signin/return-to-combined.test.ts'
const LOGIN = 'test/unit/gateway/signin/login.test.ts'
const LOGOUT = 'test/unit/gateway/signin/logout/logout.test.ts'
const ENDPOINTS = 'test/unit/gateway/signin/endpoints.test.ts'
const CONFIG = 'test/unit/gateway/config/load.test.ts'
const PAGES = 'test/unit/gateway/pages/pages.test.ts'
const ADDRESS = 'test/unit/gateway/http/client-address.test.ts'
const E2E = 'test/e2e/headers.test.ts'
const MLFLOW = 'test/mlflow/gateway.test.ts'
const LOG = 'test/unit/gateway/observability/log.test.ts'
const LEAKS = 'test/mlflow/leaks.test.ts'

const REDIRECT_CASES = [
  row(
    'R1',
    'no spelling of a return address leads to another host',
    [REDIRECTS, '//evil.example'],
    [RETURN_TO, 'a browser stays on our origins and no header can be injected'],
    [COMBINED, 'none of the combined addresses leads to another origin'],
    [BROWSER, 'S-91 a navigation without credentials to a doubled slash is not a redirect'],
  ),
  row(
    'R2',
    'return addresses on hosts that begin or end like the gateway’s, and on other ports',
    [REDIRECTS, 'http://{host}.evil.example/'],
    [REDIRECTS, 'http://127.0.0.1:1/'],
    [COMBINED, 'none of the combined'],
  ),
  row(
    'R3',
    'return addresses with `javascript:` and `data:`',
    [REDIRECTS, 'javascript:alert(1)'],
    [REDIRECTS, 'data:text/html,x'],
  ),
  row(
    'R4',
    'the address at which a complete sign-in ends',
    ['test/attacks/redirects.test.ts', 'ends at'],
    [LOGIN, 'neither the state nor the cookie reveals the return address'],
  ),
  row('R5', 'return addresses of a sign-out follow the same rules', [LOGOUT, 'a hostile return address is ignored']),
  row(
    'R6',
    'a client never determines the scheme',
    [HEADERS, "R6 a request without credentials cannot set the redirect's host"],
    [LOGIN, 'Host and X-Forwarded-Host are not used in a URL'],
  ),
]

const HEADER_CASES = [
  row(
    'H1',
    'every identity and project header is removed in every spelling and on every path',
    [HEADERS, 'H1 identity headers of a client are dropped, those of the gateway are set once'],
    [HEADERS, 'H1 on OPTIONS'],
    [HEADERS, 'H1 no identity on a public route'],
    [HEADERS, "H1 identity headers give no identity on the gateway's own paths"],
    [HEADERS, 'H1 on a path that does not exist'],
    [HEADERS, 'H1 in the handshake of a WebSocket'],
    [WIRE, 'S-131 a folded header'],
    [PROPERTY, 'the upstream receives what was authorized'],
    [THROUGH_CADDY, 'the same over HTTP/2'],
  ),
  row(
    'H2',
    'headers that WSGI folds into identity headers do not reach the application',
    [HEADERS, 'H2 an alias of the workspace'],
    [MLFLOW, 'H2 what Flask would fold'],
    [E2E, 'is dropped: the upstream receives bob'],
  ),
  row(
    'H3',
    '`Connection` cannot remove a header that the gateway sets',
    [HEADERS, 'H3 Connection names a header of the gateway'],
    [HEADERS, 'H3 Connection names the workspace'],
  ),
  row(
    'H4',
    'only listed proxies determine the client’s address, host and scheme',
    [HEADERS, 'H4 a client cannot set its own address'],
    [HEADERS, 'H4 a request cannot set the URL of the sign-in'],
    [ADDRESS, 'addresses left of the first unlisted address are ignored'],
  ),
  row(
    'H5',
    '`Host`: case, trailing dot, port, absolute-form, two of them',
    [HEADERS, 'H5 two Hosts'],
    [HEADERS, 'H5 upper case and a trailing dot'],
    [HEADERS, 'H5 another port'],
    [HEADERS, 'S-124 absolute-form takes precedence over Host'],
  ),
  row('H6', 'override headers do not change the method', [HEADERS, 'H6 a method override']),
  row(
    'H7',
    'a User-Agent does not make a request a health check',
    [HEADERS, 'H7 a User-Agent does not make a request a health check'],
    [HEADERS, 'H7 other names of health checks are ordinary paths'],
  ),
  row(
    'H8',
    'the gateway’s credentials and cookies are not forwarded',
    [HEADERS, "H8 the gateway's cookies are dropped, others are forwarded"],
    [E2E, 'no cookie of the gateway and no bearer token'],
    [GATEWAY, 'the caller’s own token only where the route says so'],
  ),
]

const PATH_CASES = [
  row(
    'P1',
    'the path that is authorized is the path that is sent; ambiguous paths are rejected',
    [PATHS, 'P1 a path traversal, encoded twice'],
    [PATHS, 'P1 overlong UTF-8 of a slash'],
    [PATHS, 'P1 an encoded letter does not bypass a narrower rule'],
    ['test/unit/gateway/http/target.test.ts', 'parsing a canonical path again changes nothing'],
    [PROPERTY, 'the upstream receives what was authorized'],
    [THROUGH_CADDY, 'the cases that Caddy normalizes are known'],
  ),
  row(
    'P2',
    'rules match the path, never the query',
    [PATHS, 'P2 a query that looks like another path'],
    [PATHS, 'P2 an encoded question mark is not a query and does not shorten the path'],
  ),
  row(
    'P3',
    'a request without a route is not forwarded',
    [PATHS, 'P3 a path that is not configured, without credentials'],
    [CONFIG, 'no route at all'],
  ),
  row(
    'P4',
    'no prefix moves a request to another rule',
    [PATHS, 'P4 two projects in the path do not bypass the rule'],
    [PATHS, 'P4 a prefix of the application does not bypass the rule'],
    [GATEWAY, 'answers for what a profile hides'],
  ),
  row(
    'P5',
    'every route of the real server has a class; all others are denied',
    ['test/mlflow/catalogue.test.ts', 'every route of the installed MLflow is in a class'],
    ['test/path/mlflow-release.test.ts', 'an upgrade of MLflow is noticed within a minute'],
    ['test/unit/gateway/apps/mlflow/release-watch.test.ts', 'is to be sent again'],
    [PATHS, 'P5 jobs'],
    [PATHS, 'P5 a WebSocket to MLflow'],
    ['test/airflow/assertion.test.ts', 'probe'],
  ),
]

const TENANT_CASES = [
  row(
    'T1',
    'sources that name different projects are rejected',
    [TENANT, 'T1 header and query disagree'],
    [TENANT, 'T1 path and workspace disagree'],
    [TENANT, 'T1 four equal sources count as one'],
    [LEAKS, 'a request of alpha that also names'],
  ),
  row(
    'T2',
    'two copies, lists, other cases and escapes of the project’s name',
    [TENANT, 'T2 the query twice'],
    [TENANT, 'T2 an escaped name'],
    [TENANT, 'T2 a parameter that another parser'],
    [QUERY, 'escaped brackets are a lookalike'],
  ),
  row(
    'T3',
    'a link does not select a project',
    [TENANT, 'T3 a link with a project'],
    [ENDPOINTS, 'a link never selects a project'],
    [BROWSER, 'T3 selecting a project from another site'],
  ),
  row(
    'T4',
    'groups and projects are compared exactly',
    [DECIDE, 'compares the admin group exactly: case'],
    [DECIDE, 'does not read a comma in a group'],
    [DECIDE, 'compares a project group exactly: nested'],
    [TENANT, 'T4 a UUID in braces'],
  ),
  row(
    'T5',
    'rights in one project give no rights elsewhere',
    [TENANT, 'T5 a member is not an administrator of another route'],
    [DECIDE, 'denies a member on an admin route'],
  ),
  row(
    'T6',
    'a selected project is ignored when the membership ends',
    [DECIDE, 'ignores a selected project after the membership was revoked'],
    [ENDPOINTS, 'a selected project that is no longer mine'],
  ),
  row(
    'T7',
    'projects that are named in bodies',
    [TENANT, 'T7 a body that names another author'],
    [TENANT, 'T7 a repeated name in a body'],
    [LEAKS, 'identifiers of carol’s in bob’s requests lead nowhere'],
    ['test/mlflow/isolation/object-store.test.ts', 'a presigned URL opens its own object alone'],
    ['test/unit/gateway/apps/mlflow/forwarded-query.test.ts', 'a name that no release has'],
  ),
  row(
    'T8',
    'nothing is cached across users or projects',
    [TENANT, 'T8 two projects on one connection'],
    [TENANT, 'S-147 two requests on one connection, two users'],
  ),
]

const BROWSER_CASES = [
  row(
    'B1',
    'WebSockets and event streams of other origins',
    [BROWSER, 'S-141 a WebSocket from another site'],
    [BROWSER, 'B1 a stream of events'],
    [BROWSER, 'B1 a WebSocket from a sibling'],
    [FORWARD_AUTH, 'though the question does not say Upgrade'],
  ),
  row(
    'B2',
    'CORS: only listed origins, never `*`',
    [BROWSER, 'B2 no CORS headers for other origins, and never a wildcard'],
    [BROWSER, 'B2 an allowed origin can read a denial'],
    [BROWSER, 'B2 CORS headers of an upstream are dropped'],
    [GATEWAY, 'answers a preflight of a listed origin'],
  ),
  row(
    'B3',
    '`Sec-Fetch-Site` if the cookie is shared between hosts',
    [BROWSER, 'B3 no Origin, but the browser says same-site'],
    [BROWSER, "B3 a form on a sibling of the gateway's host, which has the cookie through a shared domain"],
  ),
  row(
    'B4',
    'uploaded pages do not run in an origin of the gateway',
    [BROWSER, 'B4 an uploaded page'],
    [MLFLOW, 'B4 an uploaded page comes in a sandbox'],
  ),
  row(
    'B5',
    'cookies of one application are not sent to another',
    [BROWSER, 'B5 cookies of another application'],
    ['test/unit/gateway/apps/airflow/profile.test.ts', 'with FAB passes Airflow’s cookies alone'],
  ),
  row(
    'B6',
    'external input is shown as text',
    [BROWSER, 'B6 a page escapes values from the request'],
    [PAGES, 'shows hostile values as text'],
    [PAGES, 'allows its own style and script by hash'],
  ),
  row(
    'B7',
    'caches store nothing that belongs to a user',
    [BROWSER, 'B7 a denial is not cached'],
    [BROWSER, 'B7 the start of a sign-in is not cached'],
    [PAGES, 'is not cached, framed or sniffed'],
  ),
  row(
    'B8',
    'sign-out and project selection cannot be framed',
    [BROWSER, 'B8 the sign-out confirmation cannot be framed'],
    [BROWSER, 'B8 the project chooser cannot be framed'],
  ),
]

const WIRE_CASES = [
  row(
    'W1',
    'request smuggling by framing, line ends, chunks, expectations and upgrades',
    [WIRE, 'S-130 Content-Length and Transfer-Encoding together'],
    [WIRE, 'S-131 a bare LF ends a header'],
    [WIRE, 'S-132 a chunk longer than its size'],
    [WIRE, 'W1 Expect: 100-continue without credentials is denied before the body is requested'],
    [WIRE, 'S-135 a handshake by POST'],
  ),
  row(
    'W2',
    'slow and large bodies; 413 and 504 are distinguished',
    [STREAMS, 'a client that stops within its body'],
    [SLOW_BODIES, 'begins with a burst and drips in chunks'],
    [SLOW_BODIES, 'is not ended because the upstream reads slowly'],
    [STREAMS, 'an upstream that is slow to answer is 504'],
    [ENDPOINTS, 'a body that is too large'],
    [WIRE, 'W2 a checked body over its limit gets MLflow’s error format, which has no 413'],
    ['test/path/memory.test.ts', '256 MiB down and up'],
  ),
  row(
    'W3',
    'a request cannot make the gateway connect to an address of its choice',
    [HEADERS, 'W3 nothing in a request chooses the upstream'],
    ['test/attacks/cases/tokens.txt', 'K1 jku'],
    ['test/unit/gateway/projects/core.test.ts', 'redirects'],
    [BROWSER, 'S-125 a redirect of the upstream'],
  ),
  row(
    'W4',
    'logs and metrics contain no secrets',
    ['test/unit/gateway/tokens/bearer/access-token.test.ts', 'nothing of it in the log'],
    [LOGOUT, 'a sign-out is logged with the user and without the session ID'],
    [LOG, 'an authorization code does not reach the log'],
    [LOG, 'the code of an error always reaches the log'],
  ),
  row('W5', 'an invalid file keeps the previous rules', [
    'test/unit/gateway/projects/file.test.ts',
    'keeps the previous projects after an invalid edit',
  ]),
  row('W6', 'every configuration key has a test that changes it', [
    'test/unit/gateway/config/flips.test.ts',
    'is flipped by a test',
  ]),
]

const HEADER_TRUST = [
  row(
    'S-100',
    'headers that the gateway sets are removed under every alias, then set once',
    [HEADERS, 'S-100 with dots and other punctuation'],
    [HEADERS, 'S-100 headers of the gateway are set once'],
    [GATEWAY, 'drops every spelling'],
  ),
  row(
    'S-101',
    'identity headers of other products are removed',
    [HEADERS, 'S-101 identity headers of other products'],
    [HEADERS, 'S-101 further headers with the prefixes of other products'],
  ),
  row(
    'S-102',
    'headers named in `Connection` are removed first; the gateway’s remain',
    [HEADERS, 'S-102 Connection names a header of the client'],
    [HEADERS, 'H3 Connection names a header of the gateway'],
  ),
  row(
    'S-103',
    'hop-by-hop headers are not forwarded',
    [HEADERS, 'S-103 hop-by-hop headers are dropped'],
    [HOSTILE, 'headers of one hop do not go on'],
  ),
  row(
    'S-104',
    'X-Forwarded headers are accepted from listed proxies only',
    [HEADERS, 'H4 a client cannot set its own address'],
    [ADDRESS, 'without a list no proxy is trusted'],
    [CONFIG, 'everybody as trusted proxy'],
  ),
  row('S-105', 'the authorized path is the request target', [
    HEADERS,
    'S-105 only the request target sets the authorized path',
  ]),
  row(
    'S-106',
    'a client’s `Authorization` is not forwarded',
    [HEADERS, 'S-106 an unknown Authorization header is denied, not forwarded'],
    [HEADERS, 'S-106 Basic together with a session'],
    [TWO_CREDENTIALS, 'other routes: Proxy-Authorization is nothing, and Authorization is for the gateway'],
    [
      TWO_CREDENTIALS,
      'spellings that an upstream may fold are dropped, and a folded line or a space before the colon is refused',
    ],
    [EXCHANGE, 'a bearer token and Basic credentials are exchanged'],
  ),
  row(
    'S-107',
    'trailers are removed',
    [WIRE, 'S-107 trailers of a request'],
    [HOSTILE, 'trailers that change the meaning of a response'],
  ),
  row(
    'S-108',
    'invalid header names, aliases of sensitive headers, control characters',
    [WIRE, 'S-108 a control character in a value'],
    [WIRE, 'S-108 a name in quotes'],
    [HEADERS, 'S-108 an alias of a header that the gateway checks is dropped, the header itself is forwarded'],
    [HEADERS, 'S-108 two Content-Types'],
  ),
  row(
    'S-109',
    'only the route can exempt a request from authentication',
    [HEADERS, 'H7 a User-Agent does not make a request a health check'],
    [HEADERS, 'H4 an address in X-Forwarded-For gives no access'],
  ),
  row(
    'S-110',
    'the identity is signed for applications that can be reached directly',
    [E2E, 'the assertion at the upstream verifies'],
    ['test/airflow/auth-manager.test.ts', 'the auth manager keeps projects apart'],
    [THROUGH_CADDY, 'no client can use the forward-auth endpoint'],
  ),
]

const ROUTING = [
  row(
    'S-120',
    'one interpretation of the path, which is the one that is sent',
    [PATHS, 'S-120 escapes of plain letters'],
    [PATHS, 'S-120 a query is forwarded byte for byte'],
    [PROPERTY, 'the upstream receives what was authorized'],
  ),
  row(
    'S-121',
    'ambiguous paths are rejected',
    [PATHS, 'P1 an encoded backslash'],
    [PATHS, 'P1 %u escapes'],
    [PATHS, 'S-121 a control character in the query'],
  ),
  row(
    'S-122',
    'names of artifacts and runs still work',
    [PATHS, 'S-122 characters in names of artifacts and runs still work'],
    ['test/unit/gateway/http/target.test.ts', '/dagRuns/manual__'],
  ),
  row(
    'S-123',
    'routes match whole segments, case-sensitive, longest first, otherwise 404',
    [PATHS, 'S-123 a prefix ends with a segment'],
    [PATHS, 'S-123 a path is case-sensitive'],
    [PATHS, 'S-123 the longest path decides'],
  ),
  row(
    'S-124',
    'absolute-form for own hosts only; no authority-form, no `*`',
    [HEADERS, 'S-124 absolute-form with a configured host'],
    [HEADERS, 'S-124 absolute-form with a host that is not configured'],
    [HEADERS, 'S-124 asterisk-form'],
    [HEADERS, 'S-124 authority-form'],
  ),
  row(
    'S-125',
    'upstreams are fixed; their redirects are forwarded',
    [BROWSER, 'S-125 a redirect of the upstream'],
    [HEADERS, 'W3 nothing in a request chooses the upstream'],
  ),
  row(
    'S-126',
    'a list of methods, without TRACE and CONNECT',
    [HEADERS, 'S-126 TRACE'],
    [HEADERS, 'S-126 a method of another protocol'],
    [CONFIG, 'TRACE'],
  ),
  row(
    'S-127',
    'OPTIONS and HEAD follow the policy',
    [PATHS, 'S-127 OPTIONS follows the policy'],
    [PATHS, 'S-127 HEAD follows the policy'],
    [FORWARD_AUTH, 'a refused HEAD is answered'],
  ),
]

const FRAMING = [
  row(
    'S-130',
    'invalid framing is rejected, and the connection is closed',
    [WIRE, 'S-130 two different Content-Length'],
    [WIRE, 'S-130 chunks in HTTP/1.0'],
    [WIRE, 'S-130 a coding with a vertical tab'],
  ),
  row(
    'S-131',
    'obs-fold, blanks, bare CR and LF, NUL',
    [WIRE, 'S-131 a space before the colon'],
    [WIRE, 'S-131 a NUL in a value'],
    [WIRE, 'S-131 a bare CR before the empty line'],
  ),
  row(
    'S-132',
    'chunks: digits, bounded extensions, CRLF, bounded trailers',
    [WIRE, 'S-132 an endless chunk extension'],
    [WIRE, 'S-132 a signed chunk size'],
    [WIRE, 'S-132 endless trailers'],
    [HOSTILE, 'a bare LF in a chunk extension'],
  ),
  row(
    'S-133',
    'framing towards the upstream is written once, by the gateway',
    [WIRE, 'S-133 an alias of Transfer-Encoding'],
    [WIRE, 'S-132 a chunk extension is not forwarded'],
    ['test/unit/gateway/upstream/pool.test.ts', 'a body is framed anew'],
  ),
  row(
    'S-134',
    'each request is authorized separately',
    [WIRE, 'S-134 a second request on the connection'],
    [WIRE, 'S-134 a denied request with an unread body closes the connection'],
    ['test/unit/gateway/upstream/pool.test.ts', 'a response without a request ends the connection'],
  ),
  row(
    'S-135',
    'a tunnel opens only after the upstream’s 101 for a WebSocket',
    [WIRE, 'S-135 an upstream that denies the upgrade opens no tunnel'],
    [WIRE, 'S-135 an upstream that switches to another protocol'],
    [WIRE, 'S-135 a request to switch to h2c is ignored'],
  ),
  row(
    'S-136',
    'HTTP/0.9, missing and unknown versions',
    [WIRE, 'S-136 HTTP/0.9'],
    [WIRE, 'S-136 a request line without a version that ends in a bare LF'],
    [WIRE, 'S-136 version 1.2'],
  ),
]

const WEBSOCKETS = [
  row(
    'S-140',
    'a WebSocket is authorized like any request',
    [BROWSER, 'S-140 a WebSocket without credentials'],
    [BROWSER, 'S-140 a WebSocket to another project'],
    [WEBSOCKET, 'the upstream gets the same headers'],
  ),
  row(
    'S-141',
    'the `Origin` of a WebSocket is present and permitted',
    [BROWSER, 'S-141 a WebSocket from another site'],
    [BROWSER, 'S-141 a WebSocket with a session and without Origin'],
    [FORWARD_AUTH, 'a WebSocket of our own page passes'],
  ),
  row(
    'S-142',
    'a session that ends closes its sockets',
    [WEBSOCKET, 'a session that ends closes its sockets at once'],
    ['test/path/ended-sessions.test.ts', 'a stream is cut when its session ends'],
  ),
]

const PROJECTS = [
  row(
    'S-145',
    'one canonical project, permitted by the groups, in one header',
    [TENANT, 'S-145 a project of other users'],
    [TENANT, 'S-145 a project that does not exist gets the same response'],
    [TENANT, 'T1 header and query agree'],
  ),
  row(
    'S-146',
    'no project where one is required: 400; administrators choose',
    [TENANT, 'S-146 no project where one is required'],
    [TENANT, 'S-146 an administrator may choose any'],
  ),
  row('S-147', 'each request on a connection is authorized separately', [
    TENANT,
    'S-147 two requests on one connection, two users',
  ]),
  row('S-148', 'a route without a rule prevents the start', [CONFIG, 'a route without access']),
]

const LIMITS = [
  row(
    'S-180',
    'header section, target, fields and bodies are bounded',
    [WIRE, 'S-180 a header section over the limit'],
    [WIRE, 'S-180 a target over the limit'],
    [WIRE, 'S-180 too many header fields'],
    [ENDPOINTS, 'a body that is too large'],
  ),
  row(
    'S-181',
    'slow clients are disconnected and do not delay others',
    [STREAMS, 'a client that is slow with its headers'],
    [SLOW, 'a client that takes nothing of its answer is cut'],
    [SLOW, 'a body for the gateway itself that does not come'],
  ),
  row(
    'S-182',
    'processing time grows no faster than the input',
    ['test/unit/gateway/cost.test.ts', 'grows linearly'],
    ['test/unit/gateway/sessions/session-cookie.test.ts', 'a header of 64 KB is read in linear time'],
  ),
  row(
    'S-183',
    'bodies stream; memory does not grow',
    ['test/path/memory.test.ts', '256 MiB down and up'],
    [STREAMS, 'a big body arrives whole in both directions'],
  ),
]

/** By section. */
export const SECTIONS: readonly { readonly title: string; readonly rows: readonly Requirement[] }[] = [
  { title: 'Redirects', rows: REDIRECT_CASES },
  { title: 'Request headers', rows: HEADER_CASES },
  { title: 'Paths', rows: PATH_CASES },
  { title: 'Tenant', rows: TENANT_CASES },
  { title: 'Browser', rows: BROWSER_CASES },
  { title: 'Transport, logs and configuration', rows: WIRE_CASES },
  { title: 'Header trust', rows: HEADER_TRUST },
  { title: 'Path, host, routing', rows: ROUTING },
  { title: 'Framing', rows: FRAMING },
  { title: 'WebSocket', rows: WEBSOCKETS },
  { title: 'Project and tenant', rows: PROJECTS },
  { title: 'Limits', rows: LIMITS },
  { title: 'Sessions and cookies', rows: SESSION_ROWS },
  { title: 'Sign-out', rows: LOGOUT_ROWS },
  { title: 'Outages', rows: OUTAGE_ROWS },
  { title: 'Proof of possession and metadata', rows: PROOF_ROWS },
  { title: 'Administration console', rows: CONSOLE_ROWS },
  { title: 'Step-up', rows: STEP_UP_ROWS },
  { title: 'Audit trail', rows: AUDIT_ROWS },
  { title: 'Workload identity', rows: WORKLOAD_ROWS },
]
