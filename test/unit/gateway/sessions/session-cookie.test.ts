import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deriveKeys } from '../../../../src/gateway/sessions/crypto/session-keys.ts'
import { SessionCookie } from '../../../../src/gateway/sessions/session-cookie.ts'
import { SECRET, startSessions, testConfig } from './kit.ts'

const NAME = '__Host-modelops_gateway'
const ring = deriveKeys([SECRET])
const cookieOf = (cookie = {}, publicUrl = 'https://o.example') => {
  const config = testConfig({}, cookie)
  return new SessionCookie({ ...config, server: { ...config.server, publicUrl } }, ring)
}

const attributes: [string, string, SessionCookie][] = [
  ['a host-only cookie', '__Host-modelops_gateway=v; Path=/; HttpOnly; Secure; SameSite=Lax', cookieOf()],
  [
    'a cookie with a domain',
    '__Secure-modelops_gateway=v; Path=/; Domain=.example; HttpOnly; Secure; SameSite=Lax',
    cookieOf({ domain: '.example' }),
  ],
  ['plain http on loopback', 'modelops_gateway=v; Path=/; HttpOnly; SameSite=Lax', cookieOf({}, 'http://localhost:1')],
  [
    'plain http behind a TLS proxy',
    '__Host-modelops_gateway=v; Path=/; HttpOnly; Secure; SameSite=Lax',
    cookieOf({ secure: true }, 'http://o.example'),
  ],
  ['secure: false', 'modelops_gateway=v; Path=/; HttpOnly; SameSite=Lax', cookieOf({ secure: false })],
  ['a name of its own', '__Host-mine=v; Path=/; HttpOnly; Secure; SameSite=Lax', cookieOf({ name: 'mine' })],
  ['strict', `${NAME}=v; Path=/; HttpOnly; Secure; SameSite=Strict`, cookieOf({ sameSite: 'strict' })],
  ['none', `${NAME}=v; Path=/; HttpOnly; Secure; SameSite=None`, cookieOf({ sameSite: 'none' })],
  [
    'a partitioned cookie',
    `${NAME}=v; Path=/; HttpOnly; Secure; SameSite=None; Partitioned`,
    cookieOf({ sameSite: 'none', partitioned: true }),
  ],
]
for (const [name, expected, cookie] of attributes) {
  test(`attributes of ${name}`, () => {
    assert.equal(cookie.set('v'), expected)
    assert.equal(cookie.clear(), `${expected.replace('=v;', '=;')}; Max-Age=0`)
  })
}

test('an id has 256 random bits, is never repeated, and fits into any browser', () => {
  const cookie = cookieOf()
  const values = new Set(Array.from({ length: 1000 }, () => cookie.mint()))
  assert.equal(values.size, 1000)
  for (const value of values) {
    assert.equal(Buffer.from(cookie.idOf(value), 'base64url').length, 32)
    assert.ok(cookie.set(value).length < 400)
  }
})

const { sessions, signIn } = startSessions()
const { session, cookie } = await signIn()
const value = cookie.slice(NAME.length + 1)

const accepted: [string, string][] = [
  ['alone', `${NAME}=${value}`],
  ['after a space at the beginning', ` ${NAME}=${value}`],
  ['after a tab and a space at the beginning', `\t ${NAME}=${value}`],
  ['first of several', `${NAME}=${value}; theme=dark`],
  ['last of several', `theme=dark; lang=de; ${NAME}=${value}`],
  ['without spaces between pairs', `theme=dark;${NAME}=${value};lang=de`],
  ['after a tab', `theme=dark;\t${NAME}=${value}`],
  ['beside cookies whose names end or begin like it', `x${NAME}=1; ${NAME}2=1; ${NAME}=${value}`],
  ['beside the bare name', `modelops_gateway=${value.replace(/./g, 'A')}; ${NAME}=${value}`],
  ['beside a cookie whose value looks like it', `x=${NAME}=${value.replace(/./g, 'A')}; ${NAME}=${value}`],
  ['beside 1000 other cookies', `${Array.from({ length: 1000 }, (_, n) => `c${n}=1; `).join('')}${NAME}=${value}`],
]
for (const [name, header] of accepted) {
  test(`the session cookie is found ${name}`, () => assert.equal(sessions.peek(header), session))
}

const other = cookieOf().mint()
const hostile: [string, string][] = [
  ['an empty value', `${NAME}=`],
  ['a name without value', NAME],
  ['an id without tag', `${NAME}=${value.slice(0, 43)}`],
  ['the tag of another id', `${NAME}=${value.slice(0, 43)}${other.slice(43)}`],
  ['an id and tag without dot', `${NAME}=${value.replace('.', '_')}`],
  ['a value and something more', `${NAME}=${value}A`],
  ['a value twice in one', `${NAME}=${value}${value}`],
  ['8 KB of letters', `${NAME}=${'A'.repeat(8192)}`],
  ['8 KB after the value', `${NAME}=${value}${'A'.repeat(8192)}`],
  ['the name twice, same value', `${NAME}=${value}; ${NAME}=${value}`],
  ['the name twice, other value first', `${NAME}=${other}; ${NAME}=${value}`],
  ['the name twice, other value last', `${NAME}=${value}; ${NAME}=${other}`],
  ['the name twice, once empty', `${NAME}=${value}; ${NAME}=`],
  ['the name three times', `${NAME}=${value};${NAME}=${value};${NAME}=${value}`],
  ['the name in lower case', `${NAME.toLowerCase()}=${value}`],
  ['the name in upper case', `${NAME.toUpperCase()}=${value}`],
  ['the name percent-encoded', `%5F%5FHost-modelops_gateway=${value}`],
  ['the name with one letter encoded', `__Host%2Dmodelops_gateway=${value}`],
  ['the name without prefix', `modelops_gateway=${value}`],
  ['the other prefix', `__Secure-modelops_gateway=${value}`],
  ['a nameless cookie', `=${NAME}=${value}`],
  ['a space before the equals sign', `${NAME} =${value}`],
  ['a space after the equals sign', `${NAME}= ${value}`],
  ['a space after the value', `${NAME}=${value} ; theme=dark`],
  ['a no-break space before the name', `theme=dark; \u00a0${NAME}=${value}`],
  ['a no-break space after the value', `${NAME}=${value}\u00a0`],
  ['a next-line control before the name', `\u0085${NAME}=${value}`],
  ['an em space before the name', `\u2003${NAME}=${value}`],
  ['a byte order mark before the name', `\ufeff${NAME}=${value}`],
  ['a form feed before the name', `\f${NAME}=${value}`],
  ['a vertical tab before the name', `\v${NAME}=${value}`],
  ['a quoted value', `${NAME}="${value}"`],
  ['a quote before the pair', `x="; "${NAME}=${value}`],
  ['a comma between pairs', `theme=dark, ${NAME}=${value}`],
  ['a percent-encoded value', `${NAME}=${value.replace('.', '%2E')}`],
  ['a value in standard base64 letters', `${NAME}=${'+'.repeat(43)}.${'/'.repeat(20)}`],
  ['a value with NUL', `${NAME}=${value.slice(0, 63)}\0`],
  ['a value with letters beyond ASCII', `${NAME}=${'é'.repeat(43)}.${'é'.repeat(20)}`],
  ['64 KB of names', `${NAME}=;`.repeat(2600)],
  ['64 KB of spaces', `;${' '.repeat(65_536)}${NAME}`],
  ['__proto__ as value', `${NAME}=__proto__`],
]
for (const [name, header] of hostile) {
  test(`${name} is no session`, async () => {
    assert.equal(sessions.peek(header), 'none')
    assert.equal(await sessions.load(header), undefined)
  })
}

test('a value with any one character changed is no session', () => {
  for (let at = 0; at < value.length; at++) {
    for (const letter of ['A', 'z', '0', '-', '_', '.', '=', '~', '\u00e9']) {
      if (value[at] === letter) continue
      const header = `${NAME}=${value.slice(0, at)}${letter}${value.slice(at + 1)}`
      assert.equal(sessions.peek(header), 'none', `position ${at}, ${letter}`)
    }
  }
})

test('a value with any one character left out, or cut anywhere, is no session', () => {
  for (let at = 0; at < value.length; at++) {
    assert.equal(sessions.peek(`${NAME}=${value.slice(0, at)}${value.slice(at + 1)}`), 'none', `without ${at}`)
    assert.equal(sessions.peek(`${NAME}=${value.slice(0, at)}`), 'none', `cut at ${at}`)
    assert.equal(sessions.peek(`${NAME}=${value.slice(at + 1)}`), 'none', `cut before ${at}`)
  }
})

test('a damaged cookie causes no read from the store', async () => {
  const { sessions: started, backend } = startSessions()
  backend.get = () => assert.fail('the store was read')
  for (const [, header] of hostile) assert.equal(await started.load(header), undefined)
})

test('a value of another length is none, and no key has signed it', () => {
  const own = cookieOf()
  const minted = own.mint()
  assert.equal(own.read(`${NAME}=${minted}`), minted)
  assert.equal(own.signer(minted), ring[0])
  assert.equal(own.read(undefined), undefined)
  for (const wrong of ['', 'A', minted.slice(1), `A${minted}`, `${minted}A`, `${minted}\n`, `${minted}${minted}`]) {
    assert.equal(own.read(`${NAME}=${wrong}`), undefined, wrong)
    assert.equal(own.signer(wrong), undefined, wrong)
  }
})

test('a header of 64 KB is read in linear time', () => {
  const search = `${NAME}=;`
  const time = (count: number) => {
    const header = search.replace(NAME, ` ${NAME}`).repeat(count)
    const started = performance.now()
    for (let round = 0; round < 20; round++) sessions.peek(header)
    return performance.now() - started
  }
  time(2600)
  assert.ok(time(2600) < 500)
})
