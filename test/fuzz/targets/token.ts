import { decodeJwt, decodeProtectedHeader } from 'jose'
import { parseCompactJwt, type UnverifiedJwt } from '../../../src/shared/tokens/compact-jwt.ts'
import { TokenRejected } from '../../../src/shared/tokens/token-rejected.ts'
import { type FuzzTarget, must } from '../engine/target.ts'
import type { Reading } from '../oracles/oracle.ts'

/** Header and claims on a line each, which are encoded; or the token itself. */
function tokenIn(input: Buffer): string {
  const line = input.indexOf(0x0a)
  if (line < 0) return input.toString('latin1')
  return `${input.subarray(0, line).toString('base64url')}.${input.subarray(line + 1).toString('base64url')}.c2ln`
}

function read(token: string): UnverifiedJwt | undefined {
  try {
    return parseCompactJwt(token)
  } catch (error) {
    if (error instanceof TokenRejected) return undefined
    throw error
  }
}

const stringsIn = (claims: object) =>
  Object.fromEntries(Object.entries(claims).filter(([, value]) => typeof value === 'string'))
const sorted = (value: object) => JSON.stringify(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))

export const target: FuzzTarget = {
  seeds: [
    '{"alg":"ES256","kid":"a"}\n{"sub":"bob","aud":["a","b"],"exp":1700000000,"groups":["x"]}',
    '{"alg":"none"}\n{"sub":"bob","sub":"alice"}',
    '{"alg":"RS256","crit":["b64"],"b64":false}\n{"a":{"b":{"c":"\\u0061"}},"d":"\\ud800"}',
    'eyJhbGciOiJub25lIn0.e30.x',
    '{"a":"\\"","a\\u0062":{"ab":1}}\n{"x":[{"y":1},{"y":2}]}',
  ],
  dictionary: [
    '"alg":',
    '"crit":',
    '"b64":',
    '"zip":',
    '"sub":"',
    '\\u0061',
    '\\"',
    '\\\\',
    '":"',
    '","',
    '{"',
    '"}',
    '__proto__',
    '\n',
    '.',
    '=',
    '-',
    '_',
    '+',
    '/',
  ],
  invariants: [
    'jose reads the same header and claims of every token that is accepted',
    'Python reads the same texts, and no name twice',
    'nothing but TokenRejected is thrown',
  ],
  check(input) {
    const token = tokenIn(input)
    const found = read(token)
    if (found === undefined) return false
    must(
      JSON.stringify(decodeProtectedHeader(token)) === JSON.stringify(found.header),
      'jose reads the same header',
      () => token,
    )
    must(JSON.stringify(decodeJwt(token)) === JSON.stringify(found.claims), 'jose reads the same claims', () => token)
    for (const name of ['crit', 'b64', 'zip']) must(!(name in found.header), 'no header that changes the reading')
    return true
  },
  compare(input) {
    const token = tokenIn(input)
    const found = read(token)
    if (found === undefined) return []
    const differs = ({ value, error }: Reading) => {
      if (error !== undefined) return `refused: ${error}`
      const { strings, repeated } = value as { strings: [object, object]; repeated: boolean }
      if (repeated) return 'a name twice'
      const ours = [found.header, found.claims].map((part) => sorted(stringsIn(part)))
      const theirs = strings.map(sorted)
      return ours.join('\n') === theirs.join('\n')
        ? undefined
        : `other texts: ${theirs.join(' ')} for ${ours.join(' ')}`
    }
    return [{ parser: 'jwt' as const, bytes: token, differs }]
  },
}
