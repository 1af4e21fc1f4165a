import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { parseJsonObject } from '../../../src/gateway/apps/mlflow/body/strict-json.ts'
import { CATALOGUES } from '../../../src/gateway/apps/mlflow/catalogue/catalogue.ts'
import { headerText } from '../../../src/gateway/forward/headers/identity-headers.ts'
import { upstreamCookies } from '../../../src/gateway/forward/headers/upstream-cookies.ts'
import { buildClientAddress } from '../../../src/gateway/http/client-address.ts'
import { foldName } from '../../../src/gateway/http/fold-name.ts'
import { isNavigation } from '../../../src/gateway/http/navigation.ts'
import { parseTarget } from '../../../src/gateway/http/target.ts'
import { principalOf } from '../../../src/gateway/issuer/claims.ts'
import { takeProjectQuery } from '../../../src/gateway/policy/project-query.ts'
import { canonicalHost } from '../../../src/gateway/routing/routes.ts'
import { classifierOf } from './apps/mlflow/classifier.ts'

/**
 * The cost of reading a client's input grows linearly with its length. Each reader gets an input and another one sixteen
 * times as long, of the kind that makes a careless implementation backtrack: linear work takes 16 times as long,
 * quadratic work 256 times. The bound is far from both. Load of the machine makes work longer, never shorter: the best of
 * the rounds counts, and a ratio beyond the bound gets more of them.
 */
const TIMES = 16
const BOUND = 80
const BASE = 2_000
const ROUNDS = 100

const classify = classifierOf(CATALOGUES['3.18'])
const { address } = buildClientAddress(['127.0.0.1/32', '10.0.0.0/8'])
const NAMES = { groupsClaim: 'groups', projectsClaim: 'project_ids', usernameClaim: 'name' }
const silent = pino({ level: 'silent' })
const claims = (groups: string[]) => principalOf({ iss: 'i', sub: 's', groups }, NAMES, silent)

/** Rejecting an input costs time as well. */
const ignoringErrors = (work: () => unknown) => () => {
  try {
    work()
  } catch {}
}

const readers: [string, (size: number) => () => unknown][] = [
  ['a path of segments', (n) => ignoringErrors(() => parseTarget('/a'.repeat(n / 2)))],
  ['a path of escapes', (n) => ignoringErrors(() => parseTarget('/%2e%61'.repeat(n / 6)))],
  ['a path of dots with an invalid end', (n) => ignoringErrors(() => parseTarget(`/${'a.'.repeat(n / 2)}"`))],
  ['a path of semicolons', (n) => ignoringErrors(() => parseTarget(`/a${';.'.repeat(n / 2)}`))],
  ['a path in MLflow’s catalogue', (n) => () => classify('GET', `/api${'/a'.repeat(n / 2)}`)],
  ['a path of artifacts', (n) => () => classify('GET', `/api/2.0/mlflow-artifacts/artifacts${'/a'.repeat(n / 2)}`)],
  ['a query of projects', (n) => () => takeProjectQuery('projectId=a&'.repeat(n / 12))],
  ['a query of blanks', (n) => () => takeProjectQuery(`project${'+'.repeat(n)}id${'+'.repeat(n)}x=1`)],
  ['a query of semicolons', (n) => () => takeProjectQuery(`project${';a'.repeat(n / 2)}`)],
  ['cookies', (n) => () => upstreamCookies('a=b; '.repeat(n / 5), 'modelops_gateway', 'all')],
  ['a cookie of nothing but separators', (n) => () => upstreamCookies(';'.repeat(n), 'modelops_gateway', 'all')],
  ['a Host of dashes', (n) => () => canonicalHost(`a${'-'.repeat(n)}`, '443')],
  ['a Host of dots', (n) => () => canonicalHost(`${'a.'.repeat(n / 2)}!`, '443')],
  [
    'an Accept of blanks',
    (n) => () => isNavigation({ method: 'GET', headers: { accept: `text/html${' '.repeat(n)}x` } } as never),
  ],
  [
    'an Accept of almost pages',
    (n) => () => isNavigation({ method: 'GET', headers: { accept: 'text/html x,'.repeat(n / 12) } } as never),
  ],
  ['addresses', (n) => () => address('127.0.0.1', '10.1.1.1,'.repeat(n / 9))],
  ['a header name', (n) => () => foldName('-_'.repeat(n / 2))],
  ['a user name', (n) => () => headerText(`${'a '.repeat(n / 2)}\n`)],
  [
    'a body of names',
    (n) => () => parseJsonObject(Buffer.from(`{${Array.from({ length: n / 8 }, (_, i) => `"a${i}":1`)}}`)),
  ],
  ['a body of depth', (n) => ignoringErrors(() => parseJsonObject(Buffer.from(`{"a":${'['.repeat(n)}`)))],
  ['a claim of groups', (n) => () => claims(Array.from({ length: n / 8 }, (_, i) => `group-${i}`))],
]

/** How often it is called for a round of at least two milliseconds. */
function callsOf(work: () => unknown): number {
  let calls = 1
  while (timeOf(work, calls) <= 2_000_000) calls *= 2
  return calls
}

/** Nanoseconds per call, in one round. */
function timeOf(work: () => unknown, calls: number): number {
  const start = process.hrtime.bigint()
  for (let i = 0; i < calls; i += 1) work()
  return Number(process.hrtime.bigint() - start)
}

for (const [name, make] of readers) {
  test(`the cost of ${name} grows linearly`, () => {
    const works = [make(BASE), make(BASE * TIMES)].map((work) => ({ work, calls: callsOf(work) }))
    const shortest = works.map(() => Number.POSITIVE_INFINITY)
    let ratio = Number.POSITIVE_INFINITY
    for (let round = 0; round < ROUNDS && !(ratio < BOUND); round += 1) {
      for (const [n, { work, calls }] of works.entries())
        shortest[n] = Math.min(shortest[n] as number, timeOf(work, calls) / calls)
      ratio = (shortest[1] as number) / (shortest[0] as number)
    }
    assert.ok(ratio < BOUND, `${TIMES} times as long took ${ratio.toFixed(1)} times as long`)
  })
}
