import { createECDH, hkdfSync, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, importJWK, type JWK, SignJWT } from 'jose'
import type { Clock } from '../../../shared/clock.ts'
import type { Principal, Project, Role } from '../../policy/types.ts'
import type { AssertedProject } from './asserted-projects.ts'
import { outwardGroups } from './outward-groups.ts'

/** Life of an assertion, seconds. */
const LIFE = 60
/** An assertion is handed out again for this long: it proves who is calling, not which request this is. */
const REUSE_MS = 10_000
/** Assertions kept for one principal: an administrator may walk through thousands of projects. */
const KEPT = 16
/** Order of the P-256 group (FIPS 186-5). */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

export interface AssertionSubject {
  readonly principal: Principal
  readonly role: Role
  readonly project: Project | undefined
  /** Memberships for applications that list over projects (Airflow). */
  readonly projects?: readonly AssertedProject[]
}

export interface AssertionSigner {
  /** A signed assertion at hand, or undefined: then ask {@link sign}. */
  peek(audience: string, subject: AssertionSubject): string | undefined
  sign(audience: string, subject: AssertionSubject): Promise<string>
  /** Public keys, as `/auth/jwks.json` shows them (RFC 7517 §5). */
  readonly jwks: { keys: JWK[] }
}

/**
 * Signs `X-Gateway-Assertion`: a JWT (ES256, RFC 7515) by which an upstream knows the principal without trusting the
 * network. The first secret's key signs; the keys of all are published.
 */
export async function buildSigner(options: {
  issuer: string
  clock: Clock
  secrets: readonly string[]
}): Promise<AssertionSigner> {
  const keys = await Promise.all(options.secrets.map(keyOf))
  const [first] = keys
  if (first === undefined) throw new TypeError('expected at least one secret')
  /** Principals never change: the object identifies all its claims, and its assertions are collected with it. */
  const kept = new WeakMap<Principal, Kept[]>()

  function keep(subject: AssertionSubject, one: Kept): void {
    const others = (kept.get(subject.principal) ?? []).filter((other) => !isFor(other, one.audience, subject))
    kept.set(subject.principal, [one, ...others.slice(0, KEPT - 1)])
  }

  return {
    jwks: { keys: keys.map(({ kid, publicJwk }) => ({ ...publicJwk, kid, use: 'sig', alg: 'ES256' })) },
    peek(audience, subject) {
      const hit = kept.get(subject.principal)?.find((one) => isFor(one, audience, subject))
      return hit !== undefined && hit.until > options.clock() ? hit.jwt : undefined
    },
    async sign(audience, subject) {
      const now = options.clock()
      const jwt = await new SignJWT(claimsOf(subject))
        .setProtectedHeader({ alg: 'ES256', kid: first.kid, typ: 'JWT' })
        .setIssuer(options.issuer)
        .setAudience(audience)
        .setIssuedAt(Math.floor(now / 1000))
        .setNotBefore(Math.floor(now / 1000))
        .setExpirationTime(Math.floor(now / 1000) + LIFE)
        .setJti(randomUUID())
        .sign(first.privateKey)
      const { role, project, projects } = subject
      keep(subject, { audience, role, projectId: project?.id, projects: textOf(projects), jwt, until: now + REUSE_MS })
      return jwt
    },
  }
}

interface Kept {
  readonly audience: string
  readonly role: Role
  readonly projectId: string | undefined
  readonly projects: string
  readonly jwt: string
  /** Milliseconds since the epoch. */
  readonly until: number
}

const textOf = (projects: AssertionSubject['projects']) => JSON.stringify(projects ?? null)

const isFor = (one: Kept, audience: string, { role, project, projects }: AssertionSubject) =>
  one.projectId === project?.id && one.role === role && one.audience === audience && one.projects === textOf(projects)

/** What is undefined is left out when the claims are written as JSON. */
function claimsOf({ principal, role, project, projects }: AssertionSubject): Record<string, unknown> {
  return {
    sub: principal.subject,
    preferred_username: principal.username,
    email: principal.email,
    client_id: principal.kind === 'machine' ? principal.clientId : undefined,
    groups: outwardGroups(principal),
    // Says that `groups` is not all of them: who would conclude something from a missing one asks `role` instead.
    groups_truncated: outwardGroups(principal).length < principal.groups.size || undefined,
    role,
    // Says that `role` may rest on a rule over claims: no group would show it.
    granted: principal.grants?.length ? true : undefined,
    project_id: project?.id,
    projects,
  }
}

interface SigningKey {
  readonly kid: string
  readonly privateKey: Awaited<ReturnType<typeof importJWK>>
  readonly publicJwk: JWK
}

/**
 * The ES256 key that belongs to a session secret. Derived (HKDF, RFC 5869), so that all workers and replicas sign with
 * the same key, a restart changes nothing, and rotating the secret rotates it.
 */
async function keyOf(secret: string): Promise<SigningKey> {
  const wide = BigInt(
    `0x${Buffer.from(hkdfSync('sha256', secret, '', 'modelops-gateway assertion ES256', 48)).toString('hex')}`,
  )
  const scalar = (wide % (P256_ORDER - 1n)) + 1n
  const d = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex')
  const curve = createECDH('prime256v1')
  curve.setPrivateKey(d)
  const point = curve.getPublicKey()
  const publicJwk = {
    kty: 'EC',
    crv: 'P-256',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  }
  const privateKey = await importJWK({ ...publicJwk, d: d.toString('base64url') }, 'ES256')
  return { kid: await calculateJwkThumbprint(publicJwk), privateKey, publicJwk }
}
