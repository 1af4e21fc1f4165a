import { type Case, fail, pass, type Verdict, warning } from '../case.ts'
import { denied, ofResponse, orClosed, shown } from '../judges.ts'
import type { Response } from '../wire/response.ts'
import type { Received } from '../wire/send.ts'
import type { World } from '../world.ts'
import { each, SPOOFED, type Variants } from './each.ts'

const section = 'leaks' as const

const paths = (targets: readonly string[], accept = 'application/json'): Variants =>
  targets.map((target) => [target, { target, accept }])

/** What only the real thing contains. An application at `/` may respond to any path with its own page. */
const openTo = (pattern: RegExp, what: string) => (world: World, received: Received) =>
  ofResponse(received, (response): Verdict => {
    if (response.status < 200 || response.status >= 300) return denied(world, received)
    if (pattern.test(response.body)) return fail(`${shown(response)}: ${what}`)
    return warning(`${shown(response)}: something is served here without a sign-in`)
  })

/** Signs of an error that was not meant for users. */
const TRACE = /\n\s+at .+:\d+:\d+|Traceback \(most recent|node_modules|\bnode:internal|panic: |goroutine \d+/
const INTERNAL = /\b\d+\.\d+\.\d+\b|\b(?:10|127|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d+|password|\/(?:usr|app|home)\//i

const without = (pattern: RegExp, what: string) => (response: Response) =>
  pattern.test(response.body) ? fail(`${shown(response)}: ${what}`) : pass(shown(response))

const open = (
  id: string,
  title: string,
  targets: readonly string[],
  judge: (world: World, received: Received) => Verdict,
  source: string,
  fix: string,
): Case => ({
  ...{ id: `leaks-${id}`, section, title, source, fix },
  sent: `GET ${targets.join(', ')}, without credentials`,
  demanded: 'a denial (4xx) or the redirect to the sign-in',
  run: (world) => each(world, paths(targets), (received) => orClosed(world, received, (each) => judge(world, each))),
})

const ADMIN = 'Keep the admin listener out of the public proxy: it is for monitoring and administrators.'

export const leakCases: readonly Case[] = [
  open(
    'metrics',
    'Metrics are not public',
    ['/metrics', '/auth/metrics', '/admin/metrics', '/prometheus'],
    openTo(/^# (?:HELP|TYPE) /m, 'metrics'),
    'ASVS 5.0 13.4.5, CWE-497',
    ADMIN,
  ),
  open(
    'admin',
    'Administration is not public',
    ['/sessions', '/console', '/auth/admin', '/auth/admin/sessions', '/admin/'],
    openTo(/"sessions"|<form/i, 'administration'),
    'ASVS 5.0 13.4.5, CWE-284',
    ADMIN,
  ),
  open(
    'files',
    'Files and debugging pages of servers are not public',
    ['/.env', '/.git/config', '/gateway.yaml', '/server-status', '/nginx_status', '/debug/pprof/', '/actuator/env'],
    openTo(
      /\[core\]|SECRET|clientSecret|Apache Server Status|Active connections|pprof|activeProfiles/,
      'internal content',
    ),
    'ASVS 5.0 13.4.1, CWE-538',
    'Serve no files and no debugging pages from the host of the gateway.',
  ),
  {
    ...open(
      'session',
      'Nobody is signed in without credentials',
      ['/auth/session', '/auth/project', '/auth/connect'],
      denied,
      'ASVS 5.0 8.2.1, CWE-306',
      'Put no cache in front of the gateway, and let it authenticate alone.',
    ),
  },
  {
    ...{ id: 'leaks-health', section, title: 'Health checks tell nothing about the inside' },
    sent: 'GET /healthz and /readyz',
    demanded: 'no versions, addresses, paths or errors in the body, or a denial',
    ...{ source: 'ASVS 5.0 13.4.5, CWE-497', fix: 'Serve the gateway’s own /healthz and /readyz, or deny both.' },
    run: (world) =>
      each(world, paths(['/healthz', '/readyz']), (received) => {
        if (received.kind === 'response' && received.first.status === 503)
          return without(INTERNAL, 'internal details')(received.first)
        return ofResponse(received, without(INTERNAL, 'internal details'))
      }),
  },
  {
    ...{ id: 'leaks-errors', section, title: 'Errors show no stack and no path of a server' },
    sent: 'a malformed path, an unknown endpoint, a wrong method and a wrong content type',
    demanded: 'an error without internal details',
    ...{ source: 'ASVS 5.0 16.5.1, CWE-209', fix: 'Turn debugging off in every server of the deployment.' },
    run: (world) =>
      each(
        world,
        [
          ['/%zz', { target: '/%zz' }],
          ['/auth/selftest', { target: '/auth/selftest' }],
          ['DELETE', { method: 'DELETE', target: '/auth/session' }],
          [
            'malformed JSON',
            { method: 'POST', target: '/auth/project', lines: ['Content-Type: application/json'], body: '{"' },
          ],
        ],
        (received) => orClosed(world, received, (each) => ofResponse(each, without(TRACE, 'a stack or a path'))),
      ),
  },
  {
    ...{ id: 'leaks-trace', section, title: 'TRACE returns no headers' },
    sent: 'TRACE and TRACK of / with a marked header',
    demanded: 'a denial, and the header is not in the response',
    ...{ source: 'RFC 9110 §9.3.8, ASVS 5.0 13.4.4, CWE-693', fix: 'Turn TRACE off (Apache: TraceEnable off).' },
    run: (world) =>
      each(
        world,
        ['TRACE', 'TRACK'].map((method) => [method, { method, target: '/', lines: [`X-Selftest: ${SPOOFED}`] }]),
        (received) =>
          orClosed(world, received, (each) =>
            ofResponse(each, (response) =>
              response.body.includes(SPOOFED) ? fail('the header came back') : denied(world, each),
            ),
          ),
      ),
  },
  {
    ...{ id: 'leaks-client-config', section, title: 'What clients may know contains no secret' },
    sent: 'GET /auth/client-config',
    demanded: 'no key that is named like a secret',
    ...{ source: 'ASVS 5.0 14.2.1, CWE-522', fix: 'Serve /auth/client-config of the gateway unchanged.' },
    run: (world) =>
      each(world, paths(['/auth/client-config']), (received) =>
        ofResponse(received, without(/"[^"]*(?:secret|password|private|token)[^"]*"\s*:/i, 'a key like a secret')),
      ),
  },
  {
    ...{ id: 'leaks-keys', section, title: 'Published keys are public keys' },
    sent: 'GET /auth/jwks.json and /auth/client-jwks.json',
    demanded: 'no private part of a key',
    ...{ source: 'RFC 7517 §9.2, CWE-321', fix: 'Report it: the gateway publishes public keys alone.' },
    run: (world) =>
      each(world, paths(['/auth/jwks.json', '/auth/client-jwks.json']), (received) =>
        ofResponse(received, without(/"(?:d|p|q|dp|dq|qi|k)"\s*:/, 'a private part of a key')),
      ),
  },
]
