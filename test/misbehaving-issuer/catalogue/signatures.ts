import { exportSPKI, importJWK, SignJWT } from 'jose'
import { base64url, signed, signedAnyhow, unsigned } from '../keys.ts'
import { type Instance, type Json, NEVER, RawResponse, STALLS } from '../misbehaviour.ts'
import type { Catalogue } from './row.ts'

const none = (alg: string) => (payload: string) => unsigned(payload, { alg })
const secret = (text: string) => new TextEncoder().encode(text)
const hs256 = (payload: string, key: string) =>
  new SignJWT(JSON.parse(payload)).setProtectedHeader({ alg: 'HS256' }).sign(secret(key))
const by =
  (name: 'second' | 'foreign' | 'ec') =>
  (payload: string, header: Json, { keys }: Instance) =>
    signed(payload, { ...header, alg: keys[name].alg }, keys[name])

/** The public key as a text that a verifier may take for a shared secret (RFC 8725 §2.1). */
async function publicKeyText({ keys }: Instance): Promise<string> {
  const key = await importJWK({ ...keys.first.jwk }, 'RS256', { extractable: true })
  if (key instanceof Uint8Array) throw new Error('expected a public key')
  return exportSPKI(key)
}

const json = (value: unknown) => new RawResponse(200, JSON.stringify(value))
const octets = { kty: 'oct', k: base64url('a secret of thirty-two bytes or m'), kid: 'oct', alg: 'HS256' }

/** The signature of the ID token and its header (RFC 7515, RFC 8725). */
export const SIGNATURES: Catalogue = {
  'alg-none': { sign: none('none'), outcome: 'login-failed' },
  'alg-none-in-capitals': { sign: none('NONE'), outcome: 'login-failed' },
  'alg-empty': { sign: none(''), outcome: 'login-failed' },
  'alg-hs256-with-the-public-key': {
    sign: async (payload, _, at) => hs256(payload, await publicKeyText(at)),
    outcome: 'login-failed',
  },
  'alg-hs256-with-the-client-secret': { sign: (payload, _, at) => hs256(payload, at.secret), outcome: 'login-failed' },
  'alg-outside-the-configuration': {
    sign: by('ec'),
    header: { kid: 'ec' },
    jwks: (right, { keys }) => ({ keys: [...right.keys, keys.ec.jwk] }),
    config: { algorithms: ['RS256'] },
    outcome: 'login-failed',
  },
  'alg-of-another-key': {
    sign: async (payload, header, { keys }) => {
      const [, body, signature] = (await signed(payload, header, keys.first)).split('.')
      return `${base64url(JSON.stringify({ ...header, alg: 'ES256' }))}.${body}.${signature}`
    },
    outcome: 'login-failed',
  },
  'alg-twice': {
    sign: async (payload, header, { keys }) => {
      const [, body, signature] = (await signed(payload, header, keys.first)).split('.')
      return `${base64url('{"alg":"none","alg":"RS256","kid":"first"}')}.${body}.${signature}`
    },
    outcome: 'login-failed',
  },
  'signature-by-another-key': { sign: by('foreign'), outcome: 'login-failed' },
  'signature-missing': {
    sign: async (payload, header, { keys }) => (await signed(payload, header, keys.first)).replace(/[^.]+$/, ''),
    outcome: 'login-failed',
  },
  'signature-changed': {
    sign: async (payload, header, { keys }) =>
      (await signed(payload, header, keys.first)).replace(/\.[^.]{4}([^.]*)$/, '.AAAA$1'),
    outcome: 'login-failed',
  },
  'key-in-the-header': {
    sign: by('foreign'),
    header: ({ keys, url }) => ({ jwk: keys.foreign.jwk, jku: `${url}/jwks-of-another`, kid: 'foreign' }),
    outcome: 'login-failed',
  },
  'kid-wrong': { header: { kid: 'nobody' }, outcome: 'login-failed' },
  'kid-missing-one-key': { header: { kid: undefined }, outcome: 'accepted' },
  'kid-missing-several-keys': {
    header: { kid: undefined },
    jwks: (right, { keys }) => ({ keys: [keys.second.jwk, ...right.keys] }),
    outcome: 'accepted',
  },
  'kid-missing-and-no-key-fits': { header: { kid: undefined }, sign: by('foreign'), outcome: 'login-failed' },
  'kid-with-a-path': { header: { kid: '../../etc/passwd' }, outcome: 'login-failed' },
  'typ-of-a-logout-token': { header: { typ: 'logout+jwt' }, outcome: 'login-failed' },
  'typ-of-an-access-token': { header: { typ: 'at+jwt' }, outcome: 'login-failed' },
  'crit-unknown': {
    sign: async (payload, header, { keys }) => {
      const [, body, signature] = (await signed(payload, header, keys.first)).split('.')
      return `${base64url(JSON.stringify({ ...header, crit: ['x'], x: 1 }))}.${body}.${signature}`
    },
    outcome: 'login-failed',
  },
  'b64-false': { header: { b64: true, crit: ['b64'] }, outcome: 'login-failed' },
  encrypted: { sign: () => 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA', outcome: 'login-failed' },
  'not-a-jwt': { sign: () => 'hello', outcome: 'login-failed' },
}

const unusable: readonly Json[] = [{ kty: 'RSA', kid: 'first', alg: 'RS256', n: '!', e: 'AQAB' }]

/** The key set (RFC 7517). */
export const KEY_SETS: Catalogue = {
  'keys-with-other-kinds': {
    jwks: (right, { keys }) => ({ keys: [octets, keys.ec.jwk, { kty: 'future', kid: 'x' }, ...right.keys] }),
    outcome: 'accepted',
  },
  'keys-twice': { jwks: ({ keys }) => ({ keys: [...keys, ...keys] }), outcome: 'accepted' },
  'keys-with-one-kid': {
    jwks: (right, { keys }) => ({ keys: [{ ...keys.second.jwk, kid: 'first' }, ...right.keys] }),
    outcome: 'accepted',
  },
  'keys-symmetric': {
    jwks: () => ({ keys: [octets] }),
    sign: (payload) => hs256(payload, 'a secret of thirty-two bytes or m'),
    outcome: 'login-failed',
  },
  'keys-weak': {
    jwks: (_, { keys }) => ({ keys: [keys.weak.jwk] }),
    sign: (payload, header, { keys }) => signedAnyhow(payload, JSON.stringify({ ...header, kid: 'weak' }), keys.weak),
    outcome: 'login-failed',
  },
  'keys-with-a-weak-one-and-no-kid': {
    header: { kid: undefined },
    jwks: (right, { keys }) => ({ keys: [keys.weak.jwk, ...right.keys] }),
    outcome: 'accepted',
  },
  'keys-with-an-unusable-one-and-no-kid': {
    header: { kid: undefined },
    jwks: (right) => ({ keys: [...unusable, ...right.keys] }),
    outcome: 'accepted',
  },
  'keys-for-encryption': {
    jwks: (right) => ({ keys: right.keys.map((key) => ({ ...key, use: 'enc' })) }),
    outcome: 'login-failed',
  },
  'keys-unusable': { jwks: () => ({ keys: unusable }), outcome: 'login-failed' },
  'keys-none': { jwks: () => ({ keys: [] }), outcome: 'login-failed' },
  'keys-rotated-before-signing': {
    jwks: (right, { keys, requests }) => (requests.token === 0 ? right : { keys: [keys.second.jwk] }),
    sign: by('second'),
    header: { kid: 'second' },
    outcome: 'accepted',
  },
  'keys-not-a-set': { jwks: () => json({ keys: 'none' }), outcome: 'issuer-down' },
  'keys-of-a-list': { jwks: () => json([]), outcome: 'issuer-down' },
  'keys-not-json': { jwks: () => new RawResponse(200, '<html>hello</html>'), outcome: 'issuer-down' },
  'keys-500': { jwks: () => new RawResponse(500, 'oops'), outcome: 'issuer-down' },
  'keys-404': { jwks: () => new RawResponse(404, 'oops'), outcome: 'issuer-down' },
  'keys-elsewhere': {
    jwks: (_, { url }) => new RawResponse(302, '', { location: `${url}/moved` }),
    outcome: 'issuer-down',
  },
  'keys-huge': {
    jwks: (right) => json({ ...right, padding: 'x'.repeat(2_000_000) }),
    outcome: 'issuer-down',
  },
  'keys-end-never': { jwks: () => STALLS, outcome: 'issuer-down' },
  'keys-never': { jwks: () => NEVER, outcome: 'issuer-down' },
}
