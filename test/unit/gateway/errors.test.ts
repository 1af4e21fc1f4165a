import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { REASONS, type Reason, Refusal } from '../../../src/gateway/errors.ts'
import type { AllowReason, DenyReason } from '../../../src/gateway/policy/types.ts'
import { decisionTable, withoutProjects } from './policy/decision-table.ts'

test('a refusal has the status of its reason and keeps its detail out of the words a client sees', () => {
  const refusal = new Refusal('store-down', 'redis at 10.0.0.7 refused the password')
  assert.equal(refusal.status, 503)
  assert.ok(!REASONS[refusal.reason].text.includes('10.0.0.7'))
})

test('a decision never has the status of a server error', () => {
  const decisions: Reason[] = ['login-required', 'admin-only', 'not-in-project', 'project-missing', 'app-denied']
  for (const reason of decisions) assert.ok(REASONS[reason].status < 500, reason)
})

test('a temporary fault of a service behind the gateway says when to try again', () => {
  for (const reason of ['issuer-down', 'store-down', 'projects-down'] as const)
    assert.deepEqual(new Refusal(reason, 'away').headers, { 'Retry-After': '5' })
  assert.deepEqual(new Refusal('issuer-down', 'away', { headers: { 'Retry-After': '9' } }).headers, {
    'Retry-After': '9',
  })
  assert.deepEqual(new Refusal('no-route', 'nowhere').headers, {})
})

const allowed: Record<AllowReason, true> = {
  'public-route': true,
  'signed-in': true,
  admin: true,
  'project-member': true,
  'project-viewer': true,
  member: true,
}
const decided = new Set<string>([...decisionTable, ...withoutProjects].map(([, reason]) => reason))

test('each reason to allow a request has a row in the decision table', () => {
  for (const reason of Object.keys(allowed)) assert.ok(decided.has(reason), reason)
})

/** The room in `src/gateway` that produces each reason which is not a decision's. */
const PRODUCERS: Record<Exclude<Reason, DenyReason>, string> = {
  'request-malformed': 'http',
  'url-too-long': 'http',
  'headers-too-large': 'http',
  'path-ambiguous': 'http',
  'unknown-host': 'request',
  'no-route': 'request',
  'no-such-object': 'apps',
  'method-not-allowed': 'request',
  'body-too-large': 'http',
  'body-malformed': 'apps',
  'body-refused': 'apps',
  'request-timeout': 'http',
  'proxy-untrusted': 'request',
  'rate-limited': 'tokens',
  'token-invalid': 'tokens',
  'no-rule-matches': 'tokens',
  'proof-invalid': 'tokens',
  'proof-nonce-required': 'tokens',
  'step-up-required': 'tokens',
  'step-up-failed': 'tokens',
  'credentials-ambiguous': 'tokens',
  'cross-origin': 'http',
  'login-expired': 'signin',
  'login-refused': 'signin',
  'login-failed': 'issuer',
  'issuer-down': 'issuer',
  'exchange-refused': 'issuer',
  'exchange-invalid': 'issuer',
  'store-down': 'sessions',
  draining: 'request',
  'audit-unavailable': 'request',
  'upstream-down': 'forward',
  'upstream-invalid': 'forward',
  'upstream-timeout': 'forward',
  'upstream-not-ready': 'apps',
  internal: 'request',
}

const isProducer = (reason: string): reason is keyof typeof PRODUCERS => Object.hasOwn(PRODUCERS, reason)

for (const reason of Object.keys(REASONS)) {
  const producer = isProducer(reason) ? PRODUCERS[reason] : undefined
  test(`the reason ${reason} is ${producer === undefined ? 'decided by the policy' : `produced by ${producer}/`}`, () => {
    if (producer === undefined) assert.ok(decided.has(reason), 'a row of the decision table, or a producer')
    else assert.ok(produces(sourceOf(producer), reason), `'${reason}' in src/gateway/${producer}`)
  })
}

test('a reason that is only compared, or named in a comment, has no producer', () => {
  const source = "// 'gone'\n/** 'gone' */\nif (reason === 'gone' || 'gone' !== reason) throw new Refusal('here', 'x')"
  assert.equal(produces(source, 'gone'), false)
  assert.equal(produces(source, 'here'), true)
})

function sourceOf(room: string): string {
  const folder = join(import.meta.dirname, '../../../src/gateway', room)
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  return files.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n')
}

function produces(source: string, reason: string): boolean {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  return new RegExp(`(?<![!=]== |case )'${reason}'(?! [!=]==)`).test(code)
}
