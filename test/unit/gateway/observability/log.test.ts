import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { Refusal } from '../../../../src/gateway/errors.ts'
import { buildLog } from '../../../../src/gateway/observability/log.ts'
import { redactLine } from '../../../../src/gateway/observability/redact.ts'
import { logAudit } from '../audit/log-trail.ts'

/** Authorization codes as issuers make them: random, hexadecimal, base32, with every visible character, short. */
const CODES = [
  'SplxlOBeZQQYbYS6WxSbIA',
  '0123456789abcdef0123456789abcdef',
  'MFRGGZDFMZTWQ2LKNNWG23TP',
  'a1b2.c3-d4~e5_f6',
  '4/0AX4XfWh!$()*+,-./:;?@[]^_`{|}~',
  'kx7',
]

const logOf = () => {
  const lines: string[] = []
  return { log: buildLog({ level: 'debug' }, { write: (line: string) => void lines.push(line) }), lines }
}

type Write = (log: ReturnType<typeof buildLog>, code: string) => void

const form = (code: string) =>
  String(
    new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: 'https://o.example/auth/callback' }),
  )
const callback = (code: string) => `https://o.example/auth/callback?${new URLSearchParams({ state: 's', code })}`
const withProperties = (properties: object) => Object.assign(new Error('failed'), properties)

/** Every shape in which a code can travel to a log. */
const SHAPES: Record<string, Write> = {
  'the URL of the callback': (log, code) => log.info({ url: callback(code) }),
  'a request target': (log, code) => log.info({ path: `/auth/callback?code=${encodeURIComponent(code)}&state=s` }),
  'the first of several parameters': (log, code) => log.info({ query: `code=${encodeURIComponent(code)}&state=s` }),
  'a URL within the message': (log, code) => log.info(`GET ${callback(code)} failed`),
  'a URL as an argument of the message': (log, code) => log.info('GET %s failed', callback(code)),
  'a URL object': (log, code) => log.info({ url: new URL(callback(code)) }),
  'a URL within another URL': (log, code) =>
    log.info({ url: `https://o.example/auth/login?return_to=${encodeURIComponent(callback(code))}` }),
  'a URL within a URL within a URL': (log, code) =>
    log.info({ url: `https://o.example/?u=${encodeURIComponent(`/a?r=${encodeURIComponent(callback(code))}`)}` }),
  'the form of a token request': (log, code) => log.info({ body: form(code) }),
  'parsed parameters': (log, code) => log.info({ params: { code, state: 's' } }),
  'parsed parameters at the top': (log, code) => log.info({ code }),
  'parsed parameters, nested': (log, code) => log.info({ request: { callback: { query: [{ code }] } } }),
  'JSON in a text': (log, code) => log.info({ body: JSON.stringify({ state: 's', code }) }),
  'an inspected object': (log, code) => log.info(inspect({ state: 's', code })),
  'a Referer header': (log, code) => log.info({ headers: { referer: callback(code) } }),
  'a Location header in a list': (log, code) => log.info({ headers: ['location', callback(code)] }),
  'the message of an error': (log, code) => log.error({ err: new Error(`fetch of ${callback(code)} failed`) }),
  'the cause of an error': (log, code) =>
    log.error({ err: new Error('failed', { cause: new Error(`POST ${form(code)}`) }) }),
  'a property of an error': (log, code) => log.error({ err: withProperties({ parameters: { code } }) }),
  'the response of an issuer in an error': (log, code) => log.error({ err: withProperties({ body: form(code) }) }),
  'an error under another name': (log, code) => log.error({ failure: withProperties({ request: { code } }) }),
  'a child logger': (log, code) => log.child({ url: callback(code) }).info('x'),
  bytes: (log, code) => log.info({ body: Buffer.from(form(code)) }),
}

for (const [shape, write] of Object.entries(SHAPES)) {
  test(`an authorization code does not reach the log: ${shape}`, () => {
    for (const code of CODES) {
      const { log, lines } = logOf()
      write(log, code)
      const line = lines.join('')
      assert.equal(lines.length, 1)
      JSON.parse(line)
      for (const spelling of [code, encodeURIComponent(code), new URLSearchParams({ code }).toString().slice(5)])
        assert.ok(!line.includes(spelling), line)
      // The beginning as well: a value must not be cut in the middle.
      if (code.length > 6) assert.ok(!line.includes(code.slice(0, 6)), line)
      assert.ok(!line.includes(String([...Buffer.from(code)])))
    }
  })
}

test('other secrets of OAuth do not reach the log either', () => {
  for (const name of ['access_token', 'refresh_token', 'id_token', 'client_secret', 'code_verifier', 'id_token_hint']) {
    const { log, lines } = logOf()
    log.info(
      { url: `https://o.example/?a=1&${name}=SECRET&b=2`, deep: { within: { [name]: 'SECRET' } } },
      `${name}=SECRET`,
    )
    log.info({ body: JSON.stringify({ [name]: 'SECRET' }) })
    assert.ok(!lines.join('').includes('SECRET'), lines.join(''))
    assert.ok(lines[0]?.includes('b=2'), 'what follows stays')
  }
  const { log, lines } = logOf()
  log.info({
    headers: { authorization: 'SECRET', cookie: 'SECRET', 'set-cookie': ['SECRET'] },
    tokens: { accessToken: 'SECRET' },
  })
  assert.ok(!lines.join('').includes('SECRET'))
})

const ERRNOS = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'E2BIG',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HPE_INVALID_METHOD',
  'OAUTH_TIMEOUT',
  'ERR_JWT_EXPIRED',
]

test('the code of an error always reaches the log, wherever it stands', () => {
  for (const code of ERRNOS) {
    const cause = withProperties({ code })
    const written: Write[] = [
      (log) => log.error({ err: withProperties({ code }) }),
      (log) => log.error({ err: new Error(`connect ${code} 127.0.0.1:5000`) }),
      (log) => log.error({ cause: { name: 'Error', message: 'connect', code, stack: 'Error: connect' } }),
      (log) => log.error({ failure: cause }),
      (log) => log.error({ code }),
      (log) => log.error({ upstream: { code } }),
      (log) => log.error({ a: { b: { c: { code } } } }),
      (log) => log.error({ body: JSON.stringify({ code }) }),
      (log) => log.error(`failed: code=${code}`),
      (log) => log.error(inspect({ code })),
      (log) => logAudit(log).unparsed('127.0.0.1', 'r', new Refusal('upstream-down', 'no connection', { cause })),
    ]
    for (const [index, write] of written.entries()) {
      const { log, lines } = logOf()
      write(log, code)
      assert.ok(lines.join('').includes(code), `${index}: ${lines.join('')}`)
    }
  }
})

test('codes of errors that are no errno reach the log from an error, and from nothing else', () => {
  for (const code of ['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', '57P01', 'invalid_type', 'ABORT_ERR', 23]) {
    const { log, lines } = logOf()
    log.error({ err: withProperties({ code }) })
    assert.equal(JSON.parse(lines.join('')).err.code, code)
  }
  const { log, lines } = logOf()
  log.info({ params: { code: 'CERT_HAS_EXPIRED' } })
  assert.equal(JSON.parse(lines.join('')).params.code, '(redacted)')
})

test('what is logged is not changed for its owner, and words that only end like a parameter stay', () => {
  const { log, lines } = logOf()
  const members = {
    params: { code: 'kx7' },
    status_code: 401,
    error_code: 'X',
    text: 'barcode=12 qr-code=13 statusCode=500',
  }
  log.info(members)
  const { params, status_code, error_code, text } = JSON.parse(lines.join(''))
  assert.deepEqual([params.code, status_code, error_code, text], ['(redacted)', 401, 'X', members.text])
  assert.equal(members.params.code, 'kx7')
})

const PIECES = [
  'code',
  'id_token',
  ": '",
  "'",
  '"',
  '\\',
  '=',
  '%3d',
  '%26',
  '&',
  ' ',
  '\n',
  '\u0001',
  '{',
  ':',
  'é',
  'x',
]

test('no text that a client chose takes away the end of its line, or what comes after it', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }), (pieces) => {
      const line = JSON.stringify({ user_agent: pieces.join(''), path: '/app/things', status: 200 })
      const { path, status } = JSON.parse(redactLine(line))
      assert.deepEqual([path, status], ['/app/things', 200])
    }),
    { numRuns: 2000, examples: [[['code', ": '", 'x']]] },
  )
})
