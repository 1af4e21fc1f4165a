import assert from 'node:assert/strict'
import { test } from 'node:test'
import { profileOf } from '../../../../src/gateway/apps/profile-of.ts'
import { Refusal } from '../../../../src/gateway/errors.ts'
import type { Reply } from '../../../../src/gateway/http/reply.ts'
import { ListedProjects } from '../../../../src/gateway/policy/listed-projects.ts'
import type { Principal } from '../../../../src/gateway/policy/types.ts'
import { fixedSource } from '../../../../src/gateway/projects/source.ts'
import { buildAuthorize } from '../../../../src/gateway/request/authorize.ts'
import { buildCrossOrigin } from '../../../../src/gateway/request/cross-origin.ts'
import { buildDenials } from '../../../../src/gateway/request/denials.ts'
import { buildPipeline } from '../../../../src/gateway/request/pipeline.ts'
import { openContext } from '../../../../src/gateway/routing/request-context.ts'
import { buildRoutes } from '../../../../src/gateway/routing/routes.ts'
import { ALPHA, BETA, testConfig } from '../signin/kit.ts'

/** Denials must not tell a project of other people from one that does not exist: every byte of the replies is compared. */
const UNKNOWN = '99999999-9999-4999-8999-999999999999'
const NOW = Date.UTC(2026, 4, 4)

const config = testConfig({ url: 'https://sso.example', clientId: 'gateway', secret: 'the secret of the gateway' })
const list = config.projects.source === 'static' ? config.projects.list : []
const rules = {
  projects: fixedSource(new ListedProjects(list)),
  rules: { adminGroup: config.access.adminGroup, serviceUsers: new Set<string>() },
}
const denials = buildDenials({ ...rules, config, clock: () => NOW })

const person = (...groups: string[]): Principal => ({
  ...{ issuer: config.issuer.url, subject: 'bob-id', kind: 'person', username: 'bob' },
  ...{ groups: new Set(groups), projectIds: new Set<string>() },
})
const member = person('project-alpha')

interface Ask {
  readonly principal?: Principal
  readonly method?: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
}

/** The reply to a denied request, and the one for proxies in front. */
async function denied({ principal = member, method = 'GET', url, headers = {} }: Ask): Promise<[Reply, Reply, string]> {
  const publicUrl = new URL(config.server.publicUrl)
  const pipeline = buildPipeline({
    ...{ publicUrl, limits: config.limits, routes: buildRoutes(config, profileOf) },
    crossOrigin: buildCrossOrigin([], 'https'),
    ownEndpoints: { health: () => undefined, serve: () => undefined, disguised: () => undefined },
    authenticate: () => ({ principal, via: 'bearer' }),
    authorize: buildAuthorize({ ...rules, clock: () => 0 }),
  })
  const context = openContext({
    ...{ method, target: url, host: publicUrl.host, httpVersion: '1.1', headers, requestId: 'one-id' },
    ...{ rawHeaders: Object.entries(headers).flat(), peerAddress: undefined, clientAddress: '192.0.2.1' },
  })
  try {
    pipeline.locate(context)
    await pipeline.authorize(context)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return [denials.replyTo(context, error), denials.plainReplyTo(context, error), error.reason]
  }
  throw new Error(`${url} was allowed`)
}

const PAGE = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }
const SCRIPT = { accept: 'application/json', 'sec-fetch-mode': 'cors' }
const MLFLOW = { 'user-agent': 'mlflow-python-client/3.17.2' }
const clients: [string, Record<string, string>][] = [
  ['a page', PAGE],
  ['a script', SCRIPT],
  ['MLflow’s client', MLFLOW],
]

/** How a project can be named, and two names that are equal but for that. */
const ways: [string, (project: string) => Pick<Ask, 'url' | 'headers'>, string, string][] = [
  ['by its ID in the path', (id) => ({ url: `/mlflow/${id}/` }), BETA, UNKNOWN],
  ['by its name in the path', (name) => ({ url: `/mlflow/${name}/` }), 'beta', 'bexa'],
  ['in the query', (id) => ({ url: `/mlflow/?projectId=${id}` }), BETA, UNKNOWN],
  ['in a header', (id) => ({ url: '/mlflow/', headers: { 'AOA-Project-ID': id } }), BETA, UNKNOWN],
  ['on a member route', (id) => ({ url: '/airflow/', headers: { 'AOA-Project-ID': id } }), BETA, UNKNOWN],
  [
    'below its path',
    (id) => ({ url: `/mlflow/${id}/ajax-api/2.0/mlflow/experiments/search?max_results=1` }),
    BETA,
    UNKNOWN,
  ],
]

/** With what was typed replaced, which the person knows. */
const without = (typed: string, replies: readonly unknown[]) => JSON.stringify(replies).replaceAll(typed, 'TYPED')

for (const [client, accept] of clients) {
  for (const [way, ask, foreign, unknown] of ways) {
    for (const principal of [member, person('readers'), person()]) {
      for (const method of ['GET', 'POST']) {
        const groups = [...principal.groups].join() || 'no groups'
        test(`${client} (${method}, ${groups}) cannot tell a foreign project from an unknown one, named ${way}`, async () => {
          const of = (project: string) => {
            const { url, headers } = ask(project)
            return denied({ principal, method, url, headers: { ...accept, ...headers } })
          }
          const [other, none] = [await of(foreign), await of(unknown)]
          // The profiles deny some writes before anybody looks for a project.
          if (method === 'GET') assert.equal(other[2], 'not-in-project')
          assert.equal(without(foreign, other), without(unknown, none))
        })
      }
    }
  }
}

test('the page of a foreign project names nothing that was looked up: no name, no group', async () => {
  const [{ body }] = await denied({ url: `/mlflow/${BETA}/`, headers: PAGE })
  const text = String(body)
  assert.ok(text.includes(BETA), 'as typed')
  assert.ok(!text.includes('project-beta') && !/\bbeta\b/.test(text.replaceAll(BETA, '')))
})

test('a viewer who may not write is told the name of her project and the groups of its editors', async () => {
  const url = `/mlflow/${ALPHA}/ajax-api/2.0/mlflow/runs/delete?secret-in-query=1`
  const [{ body, status }, , reason] = await denied({
    principal: person('readers'),
    method: 'POST',
    headers: PAGE,
    url,
  })
  assert.deepEqual([status, reason], [403, 'viewer-read-only'])
  const text = String(body)
  assert.match(text, /Editors of alpha are members of this group: <strong>project-alpha<\/strong>/)
  assert.ok(text.includes(`Project: alpha (${ALPHA})\n`))
  assert.ok(!text.includes('secret-in-query'))
})

test('a viewer of one project is told nothing of the groups of another one', async () => {
  const ask = { principal: person('readers'), method: 'POST', headers: PAGE }
  const [{ body }] = await denied({ ...ask, url: `/mlflow/${BETA}/ajax-api/2.0/mlflow/runs/delete` })
  assert.ok(!/Editors of|project-/.test(String(body)))
})
