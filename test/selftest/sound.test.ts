import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CASES } from '../../src/cli/selftest/all-cases.ts'
import { startCaddyFront } from './caddy-front.ts'
import { type Deployment, startDeployment } from './deployment.ts'
import { idsOf, type JsonReport, reportOf } from './run-selftest.ts'

/** A sound deployment passes: the gateway behind TLS alone, and behind a real Caddy with each Caddyfile as shipped. */

const OF_COOKIES = [
  ...['cookies-other-name', 'cookies-session', 'cookies-tampered'],
  ...['csrf-application', 'csrf-get-sign-out', 'csrf-websocket'],
]
const OF_TOKENS = ['identity-query-token']

/** What Caddy reads in one way, as RFC 9112 permits, where a rejection would be safer. Its certificate is valid for hours. */
const WARNINGS_OF_CADDY = [
  ...['framing-chunk-extension', 'framing-chunked-and-length', 'framing-folded-line', 'framing-length-and-chunked'],
  ...['framing-line-feed', 'framing-malformed-name', 'framing-old-version', 'tls-certificate'],
]

function check(report: JsonReport, notRun: readonly string[], warnings: readonly string[]): void {
  const details = report.cases.filter(({ status }) => status === 'fail' || status === 'not run')
  assert.deepEqual(idsOf(report, 'fail'), [], JSON.stringify(details, null, 2))
  assert.deepEqual(idsOf(report, 'not run'), [...notRun].sort(), JSON.stringify(details, null, 2))
  assert.deepEqual(idsOf(report, 'warning'), warnings)
  assert.equal(report.exitCode, 0)
  assert.equal(report.cases.length, CASES.length)
}

let deployment: Deployment
const closed = ({ unreachable }: Deployment) => [
  ...['--upstream', `localhost:${unreachable}`, '--admin', `localhost:${unreachable}`],
]

before(async () => {
  deployment = await startDeployment()
})
after(() => deployment?.close())

test('the gateway behind TLS: with tokens everything passes that needs no session', async () => {
  const front = await deployment.front()
  const report = await reportOf([...deployment.options, ...deployment.accounts.bearer, ...closed(deployment)])
  front.close()
  check(report, OF_COOKIES, [])
})

test('the gateway behind TLS: with sessions everything passes that needs no token', async () => {
  const front = await deployment.front()
  const report = await reportOf([...deployment.options, ...deployment.accounts.cookie, ...closed(deployment)])
  front.close()
  check(report, OF_TOKENS, [])
})

test('without accounts and addresses, the cases that need them are not run, and say why', async () => {
  const front = await deployment.front()
  const report = await reportOf(deployment.options)
  front.close()
  const notRun = report.cases.filter(({ status }) => status === 'not run')
  assert.ok(notRun.length > 20)
  for (const { id, detail, isUnanswered } of notRun) {
    assert.match(detail, /--(?:token-file|cookie-file|upstream|admin|project|echo-path)/, id)
    assert.equal(isUnanswered, false)
  }
  assert.equal(report.counts.failed, 0)
  assert.equal(report.exitCode, 0)
})

for (const name of ['Caddyfile', 'Caddyfile.forward-auth'])
  test(`${name} in a real Caddy: nothing fails`, async () => {
    const behind = await startDeployment(['127.0.0.1/32'])
    const { folder, port, gateway, upstream } = behind
    const gatewayPort = Number(new URL(gateway.url).port)
    const caddy = await startCaddyFront({ name, folder, port, gatewayPort, application: new URL(upstream.url).host })
    try {
      const report = await reportOf([...behind.options, ...behind.accounts.cookie, '--ca', caddy.ca, ...closed(behind)])
      check(report, OF_TOKENS, WARNINGS_OF_CADDY)
    } finally {
      await caddy.close()
      await behind.close()
    }
  })
