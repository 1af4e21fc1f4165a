import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { certificateFindings, tlsCheck } from '../../../../src/cli/doctor/checks/tls.ts'
import type { Place } from '../../../../src/cli/doctor/hosts.ts'
import { readCertificate } from '../../../../src/shared/shown-certificate.ts'
import { configOf, startFake } from '../check/kit.ts'
import { certificate, startTls } from './certificates.ts'
import { linesOf, run, worldOf } from './kit.ts'

const DAY_MS = 86_400_000
const now = Date.now()
const day = (days: number) => new Date(now + days * DAY_MS + 3_600_000)
const authority = certificate({ subject: 'Acme CA', from: day(-900), to: day(900) })
const leaf = (over: { from?: Date; to?: Date; names?: string[] } = {}) =>
  certificate({ subject: 'leaf', names: ['localhost'], from: day(-800), to: day(100), authority, ...over })

/** What the check says of a real server, to a client that knows the authority unless told otherwise. */
async function findingsFor(t: TestContext, shown: ReturnType<typeof leaf>, ca: string | undefined = authority.pem) {
  const port = await startTls(t, shown)
  const place: Place = { host: 'localhost', port, tls: true, keys: ['issuer.url'], isPublic: false, ca }
  return certificateFindings(`localhost:${port}`, await readCertificate(place), place, now)
}

test('a certificate with a known authority, its name and time left is good', async (t) => {
  const [finding] = await findingsFor(t, leaf())
  assert.equal(finding?.status, 'ok')
  assert.match(finding.text, /valid for 100 more days \(until \d{4}-\d\d-\d\d\), issued by Acme CA$/)
})

test('an expired certificate is named as such, with the number of days, whoever signed it', async (t) => {
  for (const ca of [authority.pem, undefined]) {
    const [finding, ...others] = await findingsFor(t, leaf({ to: day(-3) }), ca ?? '')
    assert.equal(finding?.status, 'failed')
    assert.match(finding.text, /the certificate expired 3 days ago/)
    assert.match(finding.fix ?? '', /Renew it/)
    assert.deepEqual(others, [])
  }
})

test('a certificate that expires soon is a warning', async (t) => {
  const [finding] = await findingsFor(t, leaf({ to: day(5) }))
  assert.equal(finding?.status, 'warning')
  assert.match(finding.text, /valid for 5 more days/)
})

test('a certificate of the future means that the clock is wrong', async (t) => {
  const [finding] = await findingsFor(t, leaf({ from: day(5) }))
  assert.match(`${finding?.status} ${finding?.cause}`, /^failed .*clock of this machine is behind/)
})

test('a certificate for another name shows the names that it has', async (t) => {
  const [finding, ...others] = await findingsFor(t, leaf({ names: ['other.example', 'www.other.example'] }))
  assert.match(
    `${finding?.status} ${finding?.text}`,
    /^failed .*is for other\.example, www\.other\.example, not for this/,
  )
  assert.deepEqual(others, [])
})

test('an unknown authority is named, and how to give its certificate', async (t) => {
  const found = await findingsFor(
    t,
    certificate({ subject: 'self', names: ['localhost'], from: day(-1), to: day(9) }),
    '',
  )
  assert.match(`${found[0]?.status} ${found[0]?.text}`, /^failed .*the authority of the certificate is unknown: self/)
  assert.match(found[0]?.fix ?? '', /NODE_EXTRA_CA_CERTS=/)
  const port = await startTls(t, leaf())
  const place: Place = { host: 'localhost', port, tls: true, keys: ['session.store'], isPublic: false }
  const [store] = certificateFindings('localhost', await readCertificate(place), place, now)
  assert.match(store?.fix ?? '', /session\.storeCa: \$\{file:/)
})

test('a failure keeps later checks from that server, and from no other port of its host', async (t) => {
  const port = await startTls(t, certificate({ subject: 'self', names: ['localhost'], from: day(-1), to: day(9) }))
  const world = worldOf(configOf({ issuer: { url: `https://localhost:${port}` } }))
  const findings = await run(tlsCheck, { ...world, blocked: world.blocked.set('o.example', 'the test says so') })
  assert.match(
    linesOf(findings).join('\n'),
    /^failed: localhost:\d+: the authority .*\nskipped: o\.example:443: not checked/,
  )
  assert.deepEqual([...world.blocked.keys()], ['o.example', `localhost:${port}`])
})

test('a server without TLS on an https address is said to speak plain http', async (t) => {
  const { port } = new URL(await startFake(t, () => ({})))
  const world = worldOf(configOf({ issuer: { url: `https://localhost:${port}` } }))
  world.blocked.set('o.example', 'the test says so')
  const [finding] = await run(tlsCheck, world)
  assert.match(`${finding?.status}: ${finding?.cause}`, /^failed: The server speaks plain http on this port/)
})

test('the CA certificate of the configuration is checked for its end', async () => {
  const old = certificate({ subject: 'Old CA', from: day(-90), to: day(-9) })
  const config = configOf({ session: { store: 'rediss://redis.example', storeCa: authority.pem + old.pem } })
  const world = worldOf(config)
  for (const host of ['o.example', 'redis.example']) world.blocked.set(host, 'the test says so')
  const lines = linesOf(await run(tlsCheck, world)).filter((line) => line.includes('storeCa'))
  assert.match(lines.join('\n'), /^ok: .*expires on .*\nwarning: .*expired on /)
})
