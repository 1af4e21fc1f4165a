import { upstreamCookies } from '../../../src/gateway/forward/headers/upstream-cookies.ts'
import { deriveKeys } from '../../../src/gateway/sessions/crypto/session-keys.ts'
import { SessionCookie } from '../../../src/gateway/sessions/session-cookie.ts'
import { type FuzzTarget, must } from '../engine/target.ts'
import type { Reading } from '../oracles/oracle.ts'
import { trimSpace } from '../parts/fold.ts'
import { config } from '../parts/gateway.ts'

const cookie = new SessionCookie(config, deriveKeys(config.session.secrets))
const BASE = config.cookie.name
const NAME = cookie.name
const ALLOWED = ['session', 'csrftoken']
/** The only value that inputs know: a tag cannot be guessed. */
const VALID = 'aO4PsUe7Hz46839_rtZdLLlvrydOBDMB5eivmQoNyNg.l5017A1SeYCA9sx0eCWR'

/** The parser of the request refuses these. */
const NOT_IN_A_FIELD = /[\0-\x08\x0a-\x1f\x7f]/

/** As RFC 6265 §5.4 writes it: pairs between semicolons. */
const pairsIn = (header: string) =>
  header.split(';').flatMap((pair) => {
    const equals = pair.indexOf('=')
    return equals < 0 ? [] : [[trimSpace(pair.slice(0, equals)), pair.slice(equals + 1)] as const]
  })

const isOwn = (name: string) => name.toLowerCase().includes(BASE.toLowerCase())

export const target: FuzzTarget = {
  seeds: [
    '',
    `${NAME}=${VALID}`,
    `a=1; ${NAME}=${VALID}; session=x`,
    `${NAME}=${VALID}; ${NAME}=${VALID}`,
    `a="; ${NAME}=${VALID}"; csrftoken=y`,
    `session=1; ${BASE}=2; __Secure-${BASE}=3; x${BASE}_login=4; =${NAME}=5`,
  ],
  dictionary: [
    NAME,
    BASE,
    `${NAME}=`,
    VALID,
    '; ',
    ';',
    '=',
    '"',
    '\\',
    ',',
    '$Version=1',
    'session=',
    'csrftoken=',
    '\\075',
    '%3d',
  ],
  invariants: [
    'a session value is read only if its cookie is there exactly once, as RFC 6265 splits the header',
    'nothing but the one valid value has a valid tag',
    'no cookie of the gateway is forwarded, and with a list no other name',
    'what is forwarded, forwarded again, stays the same',
  ],
  check(input) {
    const header = input.toString('latin1')
    if (NOT_IN_A_FIELD.test(header)) return false
    const value = cookie.read(header)
    const signed = value !== undefined && cookie.signer(value) !== undefined
    if (signed) {
      must(value === VALID, 'only the valid value has a valid tag')
      const own = pairsIn(header).filter(([name]) => name === NAME)
      must(own.length === 1 && own[0]?.[1] === value, 'the session cookie is there once', () => header)
    }
    for (const allowed of ['all', ALLOWED] as const) {
      const forwarded = upstreamCookies(header, BASE, allowed)
      if (forwarded === undefined) continue
      for (const [name] of pairsIn(forwarded)) {
        must(!isOwn(name), 'no cookie of the gateway is forwarded', () => forwarded)
        must(allowed === 'all' || ALLOWED.includes(name), 'only listed cookies are forwarded', () => forwarded)
      }
      must(upstreamCookies(forwarded, BASE, allowed) === forwarded, 'forwarded cookies stay the same', () => forwarded)
    }
    must(upstreamCookies(header, BASE, 'none') === undefined, 'none is none')
    return signed
  },
  compare(input) {
    const header = input.toString('latin1')
    if (NOT_IN_A_FIELD.test(header)) return []
    return (['all', ALLOWED] as const).flatMap((allowed) => {
      const forwarded = upstreamCookies(header, BASE, allowed)
      if (forwarded === undefined) return []
      const differs = (reading: Reading) => cookiesDiffer(reading, allowed === 'all' ? undefined : allowed)
      return [{ parser: 'cookies' as const, bytes: forwarded, differs }]
    })
  },
}

function cookiesDiffer({ value, error }: Reading, allowed: readonly string[] | undefined): string | undefined {
  if (error !== undefined) return `refused: ${error}`
  for (const [parser, read] of Object.entries(value as Record<string, Record<string, string>>)) {
    for (const name of Object.keys(read)) {
      if (isOwn(name)) return `${parser} reads a cookie of the gateway: ${name}`
      if (allowed && name !== '' && !allowed.includes(name))
        return `${parser} reads a cookie that is not listed: ${name}`
    }
  }
  return undefined
}
