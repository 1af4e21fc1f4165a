import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readNamespaces } from '../../../../src/gateway/routing/namespace.ts'
import type { NamedProject } from '../../../../src/shared/project-id.ts'
import { ALPHA, BETA, read, routeOf } from './kit.ts'

const NONE: NamedProject = { kind: 'none' }
const MALFORMED: NamedProject = { kind: 'malformed' }
const AMBIGUOUS: NamedProject = { kind: 'ambiguous' }
const named = (id: string): NamedProject => ({ kind: 'named', id })

const paths: [url: string, app: string, prefix: string, named: NamedProject, name?: string][] = [
  ['/app', '/', '/app', NONE],
  ['/app/', '/', '/app', NONE],
  ['/app/Runs/1', '/Runs/1', '/app', NONE],
  [`/app/${ALPHA}`, '/', `/app/${ALPHA}`, named(ALPHA)],
  [`/app/${ALPHA}/`, '/', `/app/${ALPHA}`, named(ALPHA)],
  [`/app/${BETA.toUpperCase()}/api/x`, '/api/x', `/app/${BETA.toUpperCase()}`, named(BETA)],
  [`/app/${ALPHA}/${BETA}`, `/${BETA}`, `/app/${ALPHA}`, named(ALPHA)],
  ['/app/alpha', '/', '/app/alpha', NONE, 'alpha'],
  ['/app/alpha/api', '/api', '/app/alpha', NONE, 'alpha'],
  ['/app/api/2', '/api/2', '/app', NONE],
  ['/app/Alpha/x', '/Alpha/x', '/app', NONE],
  ['/app/-/x', '/-/x', '/app', NONE],
  [`/app/${ALPHA}x/y`, '/y', `/app/${ALPHA}x`, NONE, `${ALPHA}x`],
  [`/app/${ALPHA}X/y`, `/${ALPHA}X/y`, '/app', NONE],
]
for (const [url, path, publicPrefix, project, projectName] of paths)
  test(`${url} is ${path} below ${publicPrefix}`, () => {
    const below = read(url)
    assert.deepEqual(
      [below.app.path, below.app.decodedPath, below.upstreamPath, below.publicPrefix],
      [path, path, path, publicPrefix],
    )
    assert.deepEqual([below.named, below.projectName, below.namespace], [project, projectName, undefined])
  })

test('an application without projects in its path has none there, and one with its prefix keeps it', () => {
  const plain = read(`/app/${ALPHA}/x`, [], routeOf({ projectInPath: false, stripPrefix: false }))
  assert.deepEqual([plain.app.path, plain.upstreamPath, plain.named], [`/${ALPHA}/x`, `/app/${ALPHA}/x`, NONE])
  const root = read('/x', [], routeOf({ projectInPath: false }, { prefix: '' }))
  assert.deepEqual([root.app.path, root.publicPrefix], ['/x', ''])
})

test('what the path contains is decoded once', () => {
  const below = read(`/app/${ALPHA}/a%20b`)
  assert.deepEqual([below.app.path, below.app.decodedPath], ['/a%20b', '/a b'])
  assert.equal(read('/app/api').app.decodedPath, '/api')
})

test('a path that can be read in two ways is denied, unless the application reads it in one', () => {
  assert.throws(() => read('/app/a%2Fb'), { reason: 'path-ambiguous' })
  const asked: unknown[] = []
  const allows = (answer: boolean) =>
    routeOf({
      allowsInPath: (...args) => {
        asked.push(args)
        return answer
      },
    })
  assert.throws(() => read('/app/c;d', [], allows(false)), { reason: 'path-ambiguous' })
  assert.equal(read('/app/a%2Fb', [], allows(true)).app.decodedPath, '/a/b')
  assert.deepEqual(asked, [
    ['semicolon', '/c;d'],
    ['encoded-slash', '/a/b'],
  ])
})

test('a path that a lenient server reads as one of a narrower route is denied', () => {
  const narrower = [routeOf({}, { prefix: '/app/admin' })]
  for (const url of ['/app/admin./x', '/app/admin%20/x', '/app/ADMIN/x'])
    assert.throws(() => read(url, [], routeOf({}, { narrower })), { reason: 'path-ambiguous' }, url)
  assert.equal(
    read('/app/administration', [], routeOf({ projectInPath: false }, { narrower })).app.path,
    '/administration',
  )
})

const sources: [what: string, url: string, headers: string[], expected: NamedProject][] = [
  ['a header', '/app/', ['AOA-Project-ID', ALPHA], named(ALPHA)],
  ['its alias', '/app/', ['vmo-project-id', BETA], named(BETA)],
  ["the application's own header", '/app/', ['X-MLflow-Workspace', ALPHA], named(ALPHA)],
  ['an empty header of the application', '/app/', ['X-MLFLOW-WORKSPACE', ''], NONE],
  ['a text in a header of the application', '/app/', ['x-mlflow-workspace', 'team-a'], MALFORMED],
  ['an empty header', '/app/', ['AOA-Project-ID', ''], MALFORMED],
  ['headers that agree', '/app/', ['AOA-Project-ID', ALPHA, 'VMO-Project-ID', ALPHA], named(ALPHA)],
  ['headers that do not agree', '/app/', ['AOA-Project-ID', ALPHA, 'VMO-Project-ID', BETA], AMBIGUOUS],
  ['a header twice', '/app/', ['AOA-Project-ID', ALPHA, 'Accept', '*/*', 'AOA-Project-ID', BETA], AMBIGUOUS],
  ['a header beside the path', `/app/${ALPHA}/`, ['AOA-Project-ID', BETA], AMBIGUOUS],
  ['the query', `/app/?projectId=${ALPHA}`, [], named(ALPHA)],
  ['the query beside the path', `/app/${BETA}/?projectId=${ALPHA}`, [], AMBIGUOUS],
  ['the query beside a header', `/app/?projectId=${ALPHA}`, ['AOA-Project-ID', ALPHA], named(ALPHA)],
  ['a lookalike in the query', `/app/${ALPHA}/?ProjectId=${ALPHA}`, [], MALFORMED],
  ['a name that servers fold', '/app/', ['AOA_Project_ID', ALPHA], NONE],
  ["a folded name of the application's own", '/app/', ['X_MLflow_Workspace', ALPHA], NONE],
  ['another header of the same length', '/app/', ['Accept-Charset', ALPHA, 'X-Some-Header-Here', ALPHA], NONE],
  ['a header that only contains the name', '/app/', ['X-AOA-Project-ID', ALPHA], NONE],
]
for (const [what, url, headers, expected] of sources)
  test(`${what} names ${expected.kind === 'named' ? 'its project' : expected.kind}`, () => {
    assert.deepEqual(read(url, headers).named, expected)
  })

test('an application without such a header does not read it', () => {
  const route = routeOf({ projectHeaders: [] })
  assert.deepEqual(read('/app/', ['X-MLflow-Workspace', ALPHA], route).named, NONE)
})

test('the project leaves the query, the rest stays', () => {
  assert.equal(read(`/app/?a=1&projectId=${ALPHA}&b=%20`).app.query, 'a=1&b=%20')
})

const namespaces = new Map([['team-a', ALPHA]])
const inPods = routeOf({ namespaces })
const WORKSPACE = 'X-MLflow-Workspace'
test('a namespace in the header of the application is one, of a project or of none', () => {
  const of = (...headers: string[]) => {
    const { named: project, namespace } = read('/app/', headers, inPods)
    return [project, namespace]
  }
  assert.deepEqual(of(WORKSPACE, 'team-a'), [NONE, { name: 'team-a', projectId: ALPHA }])
  assert.deepEqual(of(WORKSPACE, 'team-x'), [NONE, { name: 'team-x', projectId: undefined }])
  assert.deepEqual(of(WORKSPACE, 'team-a', WORKSPACE, 'team-a'), [NONE, { name: 'team-a', projectId: ALPHA }])
  assert.deepEqual(of(WORKSPACE, 'team-a', WORKSPACE, 'team-x'), [AMBIGUOUS, undefined])
  assert.deepEqual(of(WORKSPACE, 'team-a', WORKSPACE, 'team-x', 'AOA-Project-ID', 'bad'), [MALFORMED, undefined])
  assert.deepEqual(of(WORKSPACE, 'team-a', 'AOA-Project-ID', BETA), [named(BETA), { name: 'team-a', projectId: ALPHA }])
  assert.deepEqual(of(WORKSPACE, ALPHA), [named(ALPHA), undefined])
  assert.deepEqual(of(WORKSPACE, 'Team A'), [MALFORMED, undefined])
  assert.deepEqual(of('AOA-Project-ID', 'team-a'), [MALFORMED, undefined], 'only in the header of the application')
  assert.deepEqual(of(WORKSPACE, ''), [NONE, undefined])
})

test('no namespace is none', () => assert.equal(readNamespaces([], namespaces), undefined))

test('what an application sees of a request is what was sent', () => {
  const { app } = read('/app/X?y=1')
  assert.deepEqual(app, { method: 'GET', path: '/X', decodedPath: '/X', query: 'y=1', headers: {} })
})
