import { createHmac } from 'node:crypto'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { buildSigner } from '../../../src/gateway/forward/headers/assertion.ts'
import { writeIdentity } from '../../../src/gateway/forward/headers/identity-headers.ts'
import { requestProof } from '../../../src/gateway/forward/headers/request-proof.ts'
import type { Principal } from '../../../src/gateway/policy/types.ts'
import { parseCompactJwt } from '../../../src/shared/tokens/compact-jwt.ts'
import { type FuzzTarget, must } from '../engine/target.ts'
import type { Reading } from '../oracles/oracle.ts'
import { config, project } from '../parts/gateway.ts'

const NOW = Date.UTC(2026, 0, 1)
const ISSUER = config.server.publicUrl
const signer = await buildSigner({ issuer: ISSUER, clock: () => NOW, secrets: config.session.secrets })
const keys = createLocalJWKSet(signer.jwks as Parameters<typeof createLocalJWKSet>[0])

/** Lines: subject, user name, e-mail, groups. After a byte of 255 the text is UTF-16, which may have half characters. */
function principalIn(input: Buffer): Principal {
  const text = input[0] === 0xff ? input.subarray(1).toString('utf16le') : input.toString('utf8')
  const [subject = '', username = '', email, ...groups] = text.split('\n')
  return {
    ...{ issuer: 'https://sso.example/', subject, kind: 'person', username, projectIds: new Set() },
    ...(email === undefined || email === '' ? {} : { email }),
    groups: new Set(groups),
  }
}

const subjectOf = (principal: Principal) => ({ principal, role: 'editor' as const, project })

function identityOf(principal: Principal): string[] {
  const headers: string[] = []
  const facts = { clientAddress: '127.0.0.1', publicHost: 'o.example', publicScheme: 'https', requestId: 'id' }
  writeIdentity(headers, { principal, project, assertion: undefined, ...facts })
  return headers
}

export const target: FuzzTarget = {
  seeds: [
    'bob-id\nbob\nbob@o.example\nproject-alpha\na,b',
    'é\n ü \n\nmodelops-admins\n%2C\n\x01',
    'a\nb\r\nX-Forwarded-User: evil\n\nc',
    '\xff\x00\xd8a\x00\x0a\x00',
  ],
  dictionary: [
    '\n',
    ',',
    '%2C',
    '%',
    '\r\n',
    '\0',
    '"',
    '\\',
    '\xc3\xa9',
    '\xf0\x9f\x98\x80',
    ' ',
    'modelops-admins',
    '\xff',
  ],
  invariants: [
    'an assertion verifies with the published keys, and its claims are the principal’s',
    'identity headers are printable ASCII, and groups, split at commas and decoded, are the principal’s',
    'the proof of a request is the one that its secret gives, and another path gives another',
  ],
  async check(input) {
    const principal = principalIn(input)
    const jwt = await signer.sign('mlflow', subjectOf(principal))
    const { payload } = await jwtVerify(jwt, keys, {
      issuer: ISSUER,
      audience: 'mlflow',
      currentDate: new Date(NOW),
      algorithms: ['ES256'],
    })
    must(JSON.stringify(payload.sub) === JSON.stringify(principal.subject), 'the subject is the principal’s')
    must(payload.project_id === project.id && payload.role === 'editor', 'role and project are those of the request')
    const groups = payload.groups as string[]
    must(
      groups.every((group) => principal.groups.has(group)),
      'no group that the principal does not have',
    )
    must(payload.groups_truncated === true || groups.length === principal.groups.size, 'all groups, or a mark')
    must(JSON.stringify(parseCompactJwt(jwt).claims) === JSON.stringify(payload), 'the strict parser reads the same')
    checkHeaders(principal)
    checkProof(jwt, input.toString('latin1').replaceAll(/[^\x21-\x7e]/g, 'x'))
    return true
  },
  async compare(input) {
    const principal = principalIn(input)
    const jwt = await signer.sign('mlflow', subjectOf(principal))
    const differs = ({ value, error }: Reading) => {
      if (error !== undefined) return `refused: ${error}`
      const { strings, repeated } = value as { strings: Record<string, string>[]; repeated: boolean }
      const claims = strings[1]
      if (repeated) return 'a name twice'
      const same =
        claims?.sub === principal.subject &&
        claims.preferred_username === principal.username &&
        claims.project_id === project.id
      return same ? undefined : `another principal: ${JSON.stringify(claims)}`
    }
    return [{ parser: 'jwt' as const, bytes: jwt, differs }]
  },
}

function checkHeaders(principal: Principal): void {
  const headers = identityOf(principal)
  for (const value of headers)
    must(/^[\x20-\x7e]*$/.test(value), 'identity headers are printable ASCII', () => JSON.stringify(value))
  const groups = headers[headers.findIndex((name, i) => i % 2 === 0 && name === 'X-Forwarded-Groups') + 1] as string
  const expected = [...principal.groups].map((group) => group.toWellFormed())
  if (expected.join().length > 1000) return
  const read = groups.split(',').map((group) => decodeURIComponent(group))
  must(
    principal.groups.size === 0 || read.join('\n') === expected.join('\n'),
    'groups, decoded, are the principal’s',
    () => `${JSON.stringify(read)} for ${JSON.stringify(expected)}`,
  )
}

function checkProof(assertion: string, path: string): void {
  const proof = requestProof('a-secret', { assertion, method: 'GET', path }, NOW)
  const [seconds, id, mac] = proof.split('.')
  const macOf = (each: string) =>
    createHmac('sha256', 'a-secret')
      .update(`${assertion.split('.')[2]}\nGET\n${each}\n${seconds}\n${id}`, 'latin1')
      .digest('base64url')
  must(mac === macOf(path) && mac !== macOf(`${path}x`), 'a proof is for its path')
}
