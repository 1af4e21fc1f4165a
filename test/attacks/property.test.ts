import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { parseTarget } from '../../src/gateway/http/target.ts'
import { type Kit, signedInBrowser, startKit } from '../kit.ts'
import { startRawUpstream } from './raw-upstream.ts'
import { sendRaw } from './send.ts'

/** Generated paths and headers, through raw sockets: the upstream receives exactly what was authorized, or nothing. */

const RUNS = 400
let kit: Kit
let upstream: Awaited<ReturnType<typeof startRawUpstream>>
let cookie = ''

before(async () => {
  upstream = await startRawUpstream()
  const route = (name: string, path: string, access: string) => ({
    name,
    app: 'generic',
    path,
    access,
    upstream: upstream.url,
  })
  kit = await startKit({ routes: [route('notes', '/notes', 'project'), route('ops', '/notes/ops', 'admin')] })
  cookie = (await signedInBrowser(kit, 'bob')).cookieHeader(new URL(kit.url))
})
after(async () => {
  await kit.close()
  upstream.close()
})

/** Values that pass, and values most of which are refused: two to one, so that many requests of up to six pieces are forwarded. */
const mostly = (passing: readonly string[], refused: readonly string[]) =>
  fc.oneof({ arbitrary: fc.constantFrom(...passing), weight: 2 }, { arbitrary: fc.constantFrom(...refused), weight: 1 })
const HARMLESS_PIECES = ['/', 'a', 'b', 'notes', '~', '+', '@', ':', '%e2%82%ac', '%61']
const HOSTILE_PIECES = [
  ...[
    'ops',
    'OPS',
    '.',
    '..',
    ';',
    ';x=y',
    '%2e',
    '%2E%2e',
    '%2f',
    '%5c',
    '%252e',
    '%252f',
    '%00',
    '%23',
    '%3f',
    '%6fps',
  ],
  ...['%c0%af', '%u002e', '%', '\\', '%20', '//', '%25', '%3b', '%0a'],
]
const path = fc
  .tuple(mostly(['/notes/'], ['/notes']), fc.array(mostly(HARMLESS_PIECES, HOSTILE_PIECES), { maxLength: 6 }))
  .map(([start, pieces]) => `${start}${pieces.join('')}`)
const HARMLESS_PARAMETERS = ['a=1', `projectId=${ALPHA}`, 'b=%2f']
const HOSTILE_PARAMETERS = [`projectId=${BETA}`, 'ProjectId=x', 'projectid[]=y', '%70rojectId=z']
const query = fc
  .array(mostly(HARMLESS_PARAMETERS, HOSTILE_PARAMETERS), { maxLength: 3 })
  .map((parts) => (parts.length === 0 ? '' : `?${parts.join('&')}`))
const ownedName = fc
  .constantFrom(
    'AOA-Project-ID',
    'VMO-Project-ID',
    'X-Forwarded-User',
    'X-Forwarded-Groups',
    'X-Gateway-Assertion',
    'Remote-User',
    'X-Forwarded-For',
  )
  .chain((name) =>
    fc
      .tuple(
        ...[...name].map((char) =>
          char === '-'
            ? fc.constantFrom('-', '_', '.', '--')
            : fc.constantFrom(char, char.toUpperCase(), char.toLowerCase()),
        ),
      )
      .map((chars) => chars.join('')),
  )
const header = fc
  .tuple(ownedName, fc.constantFrom('evil', ALPHA, BETA, 'modelops-admins'))
  .map(([name, value]) => `${name}: ${value}`)
const connection = fc.constantFrom(
  '',
  'Connection: AOA-Project-ID, X-Forwarded-User',
  'Connection: keep-alive, X-Gateway-Assertion',
)

const fold = (name: string) => name.toLowerCase().replace(/[^a-z0-9]+/g, '-')

test('the upstream receives what was authorized, with the gateway’s headers once and no others', async () => {
  let forwarded = 0
  await fc.assert(
    fc.asyncProperty(
      path,
      query,
      fc.array(header, { maxLength: 4 }),
      connection,
      async (target, search, headers, hop) => {
        upstream.requests.length = 0
        const lines = [
          `GET ${target}${search} HTTP/1.1`,
          `Host: ${new URL(kit.url).host}`,
          `Cookie: ${cookie}`,
          ...headers,
          hop,
        ]
        await sendRaw(
          kit.gateway.port,
          `${lines.filter((line) => line !== '').join('\r\n')}\r\nConnection: close\r\n\r\n`,
        )
        assert.ok(upstream.requests.length <= 1)
        const [seen] = upstream.requests
        if (!seen) return
        forwarded += 1
        const received = seen.line.split(' ')[1] as string
        const authorized = parseTarget(target)
        assert.equal(received.split('?')[0], authorized.path)
        // Only an administrator reaches paths below /notes/ops, in any spelling.
        assert.doesNotMatch(authorized.decodedPath, /^\/notes\/ops(\/|$)/)
        assert.doesNotMatch(received, /project/i)
        const valuesOf = (name: string) =>
          seen.headers.filter(([each]) => fold(each) === name).map(([, value]) => value)
        assert.deepEqual(valuesOf('aoa-project-id'), [ALPHA])
        assert.deepEqual(valuesOf('x-forwarded-user'), ['bob'])
        assert.deepEqual(valuesOf('x-forwarded-groups'), ['project-alpha'])
        assert.deepEqual(valuesOf('x-forwarded-for'), ['127.0.0.1'])
        assert.equal(valuesOf('x-gateway-assertion').length, 1)
        for (const gone of ['vmo-project-id', 'remote-user', 'connection']) assert.deepEqual(valuesOf(gone), [])
        assert.doesNotMatch(seen.bytes, /evil|modelops-admins/)
      },
    ),
    { numRuns: RUNS },
  )
  console.log('FWD', forwarded)
  assert.ok(forwarded > RUNS / 10, `only ${forwarded} of ${RUNS} requests were forwarded: update the generator`)
})
