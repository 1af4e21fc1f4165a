import { type Case, fail, pass, unanswered, type Verdict } from '../case.ts'
import { denial, denied, ofResponse, orClosed } from '../judges.ts'
import type { Received } from '../wire/send.ts'
import { type Account, anyOf, type World, withoutAccount, withoutEcho, withoutPath } from '../world.ts'
import { each, SPOOFED, withLines } from './each.ts'

const section = 'identity' as const
const STRIP =
  'Remove identity headers of clients in every spelling before anything sets them. Leave that to the gateway, and let no proxy in front set identity from a client’s header.'
const GATEWAY_ONLY = 'Let only the gateway authenticate; remove bypass rules of the proxy in front.'

const USERS = ['X-Forwarded-User', 'X-Forwarded-Email', 'X-Forwarded-Groups', 'X-Forwarded-Preferred-Username']
const REMOTE = ['Remote-User', 'X-Remote-User', 'X-Remote-Group', 'X-WebAuth-User', 'X-Auth-Request-User', 'X-User']
const UNDERSCORE = ['X_Forwarded_User', 'X-Forwarded_User', 'Remote_User', 'AOA_Project_ID', 'X.Forwarded.User']
const PROJECT = ['AOA-Project-ID', 'AOA-User', 'VMO-Project-ID', 'X-MLFLOW-WORKSPACE']
/** A JWT with `alg: none` and no signature. */
const UNSIGNED = `${base64({ alg: 'none', typ: 'JWT' })}.${base64({ sub: SPOOFED, iss: 'https://selftest.invalid' })}.`

function base64(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

const spoofing = (names: readonly string[]) => names.map((name) => `${name}: ${SPOOFED}`)

/** A request without credentials that must be denied, whatever it claims. */
const anonymous = (
  id: string,
  title: string,
  lines: readonly (string | readonly string[])[],
  source: string,
  fix = STRIP,
): Case => ({
  ...{ id: `identity-${id}`, section, title, source, fix },
  sent: `GET of a path that needs a sign-in, without credentials, with: ${lines.flat().map(nameIn).join(', ')}`,
  demanded: 'a denial (4xx) or the redirect to the sign-in',
  missing: withoutPath,
  run: (world) =>
    each(world, withLines({ target: world.found.protectedPath ?? '/' }, lines), (received) =>
      orClosed(world, received, (each) => denied(world, each)),
    ),
})

const nameIn = (line: string) => line.split(':', 1)[0] ?? ''

const subjectIn = (body: string): unknown => {
  try {
    return Object(JSON.parse(body)).subject
  } catch {
    return undefined
  }
}

/** `/auth/session` says who the caller is: the same with spoofed headers as without. */
const sameCaller = (id: string, title: string, lines: readonly string[], source: string): Case => ({
  ...{ id: `identity-${id}`, section, title, source, fix: STRIP },
  sent: `GET /auth/session with the test account, with: ${lines.map(nameIn).join(', ')}`,
  demanded: 'the test account as before, or a denial',
  missing: withoutAccount,
  async run(world) {
    const target = '/auth/session'
    const { line } = world.first as Account
    const before = subjectOf(await world.ask({ target, lines: [line] }))
    if (before === undefined) return unanswered('/auth/session does not say who the test account is')
    return each(world, withLines({ target, lines: [line] }, lines), (received) =>
      ofResponse(received, (response) => {
        if (response.status >= 400) return denial(response)
        return subjectIn(response.body) === before
          ? pass('the same caller')
          : fail('another caller than without the header')
      }),
    )
  },
})

const subjectOf = (received: Received) => (received.kind === 'response' ? subjectIn(received.first.body) : undefined)

/** What an application receives: the spoofed text must not be in it. */
const notEchoed = (
  id: string,
  title: string,
  lines: readonly (string | readonly string[])[],
  source: string,
  fix = STRIP,
): Case => ({
  ...{ id: `identity-${id}`, section, title, source, fix },
  sent: `GET of the echo path with the test account, with: ${lines.flat().map(nameIn).join(', ')}`,
  demanded: 'the application does not receive these values',
  missing: anyOf(withoutAccount, withoutEcho),
  run: async (world) =>
    (await withoutEchoed(world)) ??
    each(world, withLines(echo(world), lines), (received) => judgeEcho(received, SPOOFED)),
})

const MARK = 'selftest-echo'

function echo({ echoPath = '/', first }: World) {
  const { line, project } = first as Account
  const lines = [line, `X-Selftest: ${MARK}`, ...(project === undefined ? [] : [`AOA-Project-ID: ${project}`])]
  return { target: echoPath, lines }
}

/** Why the echo proves nothing: a path that returns no headers would make every case pass. */
async function withoutEchoed(world: World): Promise<Verdict | undefined> {
  const received = await world.ask(echo(world))
  const isEcho = received.kind === 'response' && received.first.body.includes(MARK)
  return isEcho ? undefined : unanswered(`${world.echoPath} does not return the headers of a request`)
}

function judgeEcho(received: Received, text: string): Verdict {
  return ofResponse(received, (response) => {
    if (response.status >= 400) return denial(response)
    return response.body.includes(text)
      ? fail('the application received the value of the client')
      : pass('not in what the application received')
  })
}

const WSGI = 'RFC 3875 §4.1.18, CVE-2025-64484, CWE-290'

export const identityCases: readonly Case[] = [
  anonymous(
    'forwarded-user',
    'Identity headers of a client sign nobody in',
    spoofing(USERS),
    'ASVS 5.0 4.1.3, CWE-290',
  ),
  anonymous('remote-user', 'Identity headers of other products sign nobody in', spoofing(REMOTE), 'ASVS 5.0 4.1.3'),
  anonymous('underscore', 'Lookalike names of identity headers sign nobody in', spoofing(UNDERSCORE), WSGI),
  anonymous('project', 'A project in a header signs nobody in', spoofing(PROJECT), 'ASVS 5.0 8.2.2, CWE-639'),
  anonymous(
    'duplicate',
    'An identity header that is sent twice signs nobody in',
    [
      [`X-Forwarded-User: ${SPOOFED}`, `X-Forwarded-User: ${SPOOFED}`],
      [`Remote-User: ${SPOOFED}`, `remote-user: ${SPOOFED}`],
    ],
    'RFC 9110 §5.3, CWE-290',
  ),
  anonymous(
    'assertion',
    'An assertion without a signature signs nobody in',
    [`X-Gateway-Assertion: ${UNSIGNED}`, `X-Amzn-Oidc-Data: ${UNSIGNED}`, `X-Pomerium-Jwt-Assertion: ${UNSIGNED}`],
    'RFC 8725 §3.1, CWE-347',
  ),
  anonymous(
    'unsigned-token',
    'A token without a signature is rejected',
    [`Authorization: Bearer ${UNSIGNED}`],
    'RFC 8725 §3.1, GHSA-g765-w658-6cr2, CWE-347',
    GATEWAY_ONLY,
  ),
  anonymous(
    'connection',
    'Connection cannot name headers of the gateway',
    [[`Connection: close, X-Forwarded-User, X-Gateway-Assertion`, `X-Forwarded-User: ${SPOOFED}`]],
    'RFC 9110 §7.6.1, CWE-444',
  ),
  anonymous(
    'client-certificate',
    'A client certificate in a header signs nobody in',
    ['Client-Cert: :c2VsZnRlc3Q=:', 'X-SSL-Client-Verify: SUCCESS', 'X-Client-Verified: SUCCESS'],
    'RFC 9440 §4, CWE-290',
  ),
  anonymous(
    'user-agent',
    'A health check of a load balancer passes no sign-in',
    ['User-Agent: kube-probe/1.31', 'User-Agent: GoogleHC/1.0', 'User-Agent: ELB-HealthChecker/2.0'],
    'CVE-2026-34457, CWE-290',
    GATEWAY_ONLY,
  ),
  {
    ...{ id: 'identity-method', section, title: 'Every method needs a sign-in' },
    sent: 'OPTIONS, HEAD and PROPFIND of a path that needs a sign-in, without credentials',
    demanded: 'a denial (4xx) or the redirect to the sign-in',
    ...{ source: 'ASVS 5.0 8.2.1, CWE-650', fix: GATEWAY_ONLY, missing: withoutPath },
    run(world) {
      const target = world.found.protectedPath ?? '/'
      const variants = ['OPTIONS', 'HEAD', 'PROPFIND'].map((method) => [method, { method, target }] as const)
      return each(world, variants, (received) => orClosed(world, received, (each) => denied(world, each)))
    },
  },
  {
    ...{ id: 'identity-query-token', section, title: 'A token in the URL is not accepted' },
    sent: 'GET of a path that needs a sign-in, with the test account’s token in ?access_token= alone',
    demanded: 'a denial (4xx) or the redirect to the sign-in',
    ...{ source: 'RFC 6750 §5.3, ASVS 5.0 14.2.1, CWE-598', fix: GATEWAY_ONLY },
    missing: anyOf(withoutPath, withoutAccount, ({ first }) =>
      first?.kind === 'bearer' ? undefined : 'needs the access token of a test account: --token-file',
    ),
    run(world) {
      const token = (world.first as Account).line.split(' ').at(-1) ?? ''
      const target = `${world.found.protectedPath}?access_token=${encodeURIComponent(token)}`
      return each(world, [['access_token', { target }]], (received) => denied(world, received))
    },
  },
  sameCaller(
    'same-caller',
    'Identity headers do not change who a caller is',
    spoofing([...USERS, ...REMOTE]),
    'ASVS 5.0 4.1.3, CWE-290',
  ),
  sameCaller('same-caller-underscore', 'Lookalike names do not change who a caller is', spoofing(UNDERSCORE), WSGI),
  notEchoed(
    'upstream-headers',
    'Applications never receive identity headers of a client',
    spoofing([...USERS, ...REMOTE, 'X-Gateway-Assertion']),
    'ASVS 5.0 4.1.3, CWE-290',
  ),
  notEchoed(
    'upstream-underscore',
    'Applications never receive lookalikes of identity headers',
    spoofing(UNDERSCORE.slice(0, 3)),
    WSGI,
  ),
  notEchoed(
    'upstream-proxy',
    'Applications never receive the header Proxy',
    [`Proxy: http://${SPOOFED}`],
    'CVE-2016-5387 (httpoxy), CWE-807',
  ),
  {
    ...{ id: 'identity-upstream-credentials', section },
    title: 'Applications never receive the credentials of a caller',
    sent: 'GET of the echo path with the test account',
    demanded: 'the application receives neither the token nor the session cookie',
    ...{ source: 'RFC 9700 §4.3, CWE-522', fix: 'Remove Authorization and the session cookie before forwarding.' },
    missing: anyOf(withoutAccount, withoutEcho),
    async run(world) {
      const secret = (world.first as Account).line.split(/[ =]/).at(-1) ?? ''
      return (await withoutEchoed(world)) ?? judgeEcho(await world.ask(echo(world)), secret)
    },
  },
]
