import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { ensureActionlint } from '../../infra/parts/actionlint.ts'
import { type Mlflow, startMlflow } from '../../infra/parts/mlflow.ts'
import { ensureMlflowClient, type MlflowClient } from '../../infra/parts/mlflow-client.ts'
import { run as runProgram } from '../../infra/parts/run.ts'
import { Served } from '../path/served.ts'
import { type FakeIssuer, startFakeIssuer } from '../unit/gateway/signin/fake-issuer.ts'
import { codeBlocks } from '../unit/infra/docs/pages.ts'
import { gitHubClaims, gitLabClaims, kubernetesClaims, spiffeClaims, type TokenFrame } from '../workload-tokens.ts'
import { type Environment, type Guide, readGuide, runScript, runWorkflow, type Workflow } from './workload/ci-job.ts'
import { startTokenEndpoint, type TokenEndpoint } from './workload/token-endpoint.ts'

/**
 * The workflow files of the guides, as they are written there: their rules in a gateway in a process of its own, their steps
 * in bash with MLflow's own client, and a real MLflow.
 */
let dir: string
let users: FakeIssuer
let mlflow: Mlflow
let python: MlflowClient
let gateway: Served
let base: Environment
const issuers = {} as Record<'github' | 'gitlab' | 'cluster' | 'spiffe', FakeIssuer>
const guides = {} as Record<'github' | 'gitlab' | 'pods', Guide>
let actions: TokenEndpoint
/** Claims of the next run of GitHub Actions. */
let run: Record<string, unknown> = {}

const URLS = {
  github: 'https://token.actions.githubusercontent.com',
  gitlab: 'https://gitlab.acme.example',
  cluster: 'https://kubernetes.default.svc.cluster.local',
  spiffe: 'https://oidc-discovery.acme.example',
}

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'workflows-'))
  ;[mlflow, python, users] = await Promise.all([startMlflow({ dir }), ensureMlflowClient(), startFakeIssuer()])
  for (const name of Object.keys(URLS) as (keyof typeof URLS)[]) {
    issuers[name] = await startFakeIssuer()
    await issuers[name].rotate(name)
  }
  const route = { name: 'mlflow', app: 'mlflow', path: '/mlflow', upstream: mlflow.url, access: 'project' }
  // The first start finds out the address, which is the audience of the tokens.
  gateway = await Served.start(dir, users.url, { routes: [route], audit: { reads: 'all' } })
  readGuides()
  const reloaded = await gateway.reload({ ...gateway.settings, issuer: withRules() })
  assert.equal(reloaded.event, 'config-reloaded', JSON.stringify(reloaded))
  actions = await startTokenEndpoint((aud) => issuers.github.sign({ ...gitHubClaims(frame('github', aud)), ...run }))
  writeFileSync(join(dir, 'train.py'), guides.github.program)
  base = {
    PATH: `${dirname(python.python)}:${process.env.PATH}`,
    HOME: dir,
    // MLflow is there already: pip must find that, and must not reach out.
    ...{ PIP_NO_INDEX: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1', MLFLOW_DISABLE_TELEMETRY: 'true' },
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
  }
})
after(async () => {
  await gateway?.stop()
  const closing = [mlflow, users, actions, ...Object.values(issuers)].map((each) => each?.close())
  await Promise.all(closing)
  rmSync(dir, { recursive: true, force: true })
})

function readGuides(): void {
  const places = Object.entries(URLS).map(([name, url]) => [url, issuers[name as keyof typeof URLS].url])
  const replace = { 'https://o.example': gateway.url, ...Object.fromEntries(places) }
  guides.github = readGuide('github-actions.md', replace)
  guides.gitlab = readGuide('gitlab-ci.md', replace)
  guides.pods = readGuide('kubernetes-pods.md', replace)
}

/** The issuers of all guides, with their rules. */
function withRules() {
  const all = Object.values(guides).flatMap(
    ({ documents }) => documents as unknown as { issuer?: { additional: object[] } }[],
  )
  const additional = all.flatMap(({ issuer }) => issuer?.additional ?? [])
  assert.equal(additional.length, 4)
  const names = new Map<string, string>()
  for (const { rules } of additional as { rules: { name: string }[] }[])
    for (const rule of rules) {
      // Two guides have an example of the same name.
      if (names.has(rule.name)) rule.name = `${rule.name}-2`
      names.set(rule.name, rule.name)
    }
  return { ...(gateway.settings.issuer as object), additional }
}

const frame = (of: keyof typeof URLS, aud = gateway.url): TokenFrame => ({
  ...{ iss: issuers[of].url, aud, now: Math.floor(Date.now() / 1000) },
})

/** Name of the only rule of the newest admitted request, and its role. */
async function admitted(): Promise<unknown[]> {
  await gateway.printed()
  const { rule, role, kind, project_name } = gateway.logged('allowed').at(-1) ?? {}
  return [rule, role, kind, project_name]
}

const workflows = () => guides.github.documents.filter((each) => 'jobs' in each) as unknown as [Workflow, Workflow]

test('actionlint finds nothing in the workflows', async () => {
  const program = await ensureActionlint()
  const texts = codeBlocks(readFileSync('docs/guides/clients/github-actions.md', 'utf8'), 'yaml').filter((text) =>
    text.includes('\njobs:\n'),
  )
  assert.equal(texts.length, 2)
  for (const [index, text] of texts.entries()) {
    const file = join(dir, `workflow-${index}.yml`)
    writeFileSync(file, text)
    const { ok, tail } = await runProgram(program, ['-no-color', file])
    assert.ok(ok, tail)
    writeFileSync(file, text.replace('id-token: write', 'id-tokens: write'))
    assert.equal((await runProgram(program, ['-no-color', file])).ok, false)
  }
})

test('the workflow of GitHub Actions with the package trains, and the token never appears', async () => {
  const env = { ...base, ...actions.env, PYTHONPATH: python.pythonPath }
  // The wheel is in no checkout; `npm run package` and test/packages install it from the gateway.
  const { code, output } = await runWorkflow(workflows()[0], env, dir, ['Install the package of the gateway'])
  assert.equal(code, 0, output)
  assert.match(output, /Requirement already satisfied: mlflow-skinny==/)
  assert.match(output, /^run [0-9a-f]{32}$/m)
  assert.doesNotMatch(output, /eyJ/)
  assert.deepEqual(await admitted(), ['train-alpha', 'editor', 'machine', 'alpha'])
  assert.deepEqual(new Set(actions.audiences), new Set([gateway.url]))
})

test('the workflow without the package requests one token, checks the access and trains', async () => {
  const { code, output } = await runWorkflow(workflows()[1], { ...base, ...actions.env }, dir)
  assert.equal(code, 0, output)
  assert.match(output, /"alpha"/)
  assert.match(output, /^run [0-9a-f]{32}$/m)
  const [, token = ''] = /^::add-mask::(\S+)$/m.exec(output) ?? []
  assert.match(token, /^eyJ/)
  assert.equal(output.split(token).length, 2)
})

test('a run that a fork started through pull_request_target is denied at the first request', async () => {
  run = { event_name: 'pull_request_target' }
  try {
    const { code, output } = await runWorkflow(workflows()[1], { ...base, ...actions.env }, dir)
    assert.notEqual(code, 0)
    assert.match(output, /403[\s\S]*failed: Check the access$/)
    await gateway.printed()
    // The last line is that of the request that `printed` has sent.
    const [denied] = gateway.logged('refused').slice(-2)
    assert.match(String(denied?.detail), /nearest rule train-alpha: event_name: expected push, got pull_request_target/)
  } finally {
    run = {}
  }
})

test('the job of GitLab trains', async () => {
  const [job] = guides.gitlab.documents.filter((each) => 'train' in each) as unknown as { train: GitLabJob }[]
  const { id_tokens, variables, script } = (job as { train: GitLabJob }).train
  const tokens: [string, string][] = []
  for (const [name, { aud }] of Object.entries(id_tokens))
    tokens.push([name, await issuers.gitlab.sign(gitLabClaims(frame('gitlab', aud)))])
  writeFileSync(join(dir, 'train.py'), guides.gitlab.program)
  const env = { ...base, ...variables, ...Object.fromEntries(tokens) }
  const { code, output } = await runScript(script.join('\n'), env, dir)
  assert.equal(code, 0, output)
  assert.match(output, /^run [0-9a-f]{32}$/m)
  assert.deepEqual(await admitted(), ['train-alpha-2', 'editor', 'machine', 'alpha'])
})

interface GitLabJob {
  readonly id_tokens: Record<string, { aud: string }>
  readonly variables: Environment
  readonly script: readonly string[]
}

interface Pod {
  readonly kind: 'Pod'
  readonly spec: {
    readonly containers: readonly {
      readonly command: readonly string[]
      readonly env: readonly { readonly name: string; readonly value: string }[]
      readonly volumeMounts: readonly { readonly mountPath: string }[]
    }[]
    readonly volumes: readonly {
      readonly projected: { readonly sources: readonly { serviceAccountToken: { path: string; audience: string } }[] }
    }[]
  }
}

test('a pod trains with its projected token, across the renewal of the token', async () => {
  const pod = guides.pods.documents.find(({ kind }) => kind === 'Pod') as unknown as Pod
  const [container] = pod.spec.containers
  const { path, audience } = pod.spec.volumes[0]?.projected.sources[0]?.serviceAccountToken ?? {
    path: '',
    audience: '',
  }
  const mount = container?.volumeMounts[0]?.mountPath ?? ''
  const env = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]))
  // The variable names the file that the volume has.
  assert.equal(env.MODELOPS_TOKEN_FILE, `${mount}/${path}`)
  const file = join(dir, path)
  const write = async (claims: object) =>
    writeFileSync(file, await issuers.cluster.sign({ ...kubernetesClaims(frame('cluster', audience)), ...claims }))
  const train = () =>
    runScript(
      container?.command.join(' ') ?? '',
      { ...base, ...env, MODELOPS_TOKEN_FILE: file, PYTHONPATH: python.pythonPath },
      dir,
    )
  await write({})
  const first = await train()
  assert.equal(first.code, 0, first.output)
  assert.deepEqual(await admitted(), ['ml-trainer', 'editor', 'machine', 'alpha'])
  await write({ 'kubernetes.io': { namespace: 'other', serviceaccount: { name: 'trainer' } } })
  assert.notEqual((await train()).code, 0)
  await write({ jti: 'renewed' })
  assert.equal((await train()).code, 0)
})

test('a JWT-SVID is enough', async () => {
  const token = await issuers.spiffe.sign(spiffeClaims(frame('spiffe')))
  const session = await fetch(`${gateway.url}/auth/session`, { headers: { authorization: `Bearer ${token}` } })
  const { projects } = JSON.parse(await session.text())
  assert.deepEqual(
    projects.map(({ name }: { name: string }) => name),
    ['alpha'],
  )
})

test('a rule that is removed ends the access with the reload', async () => {
  const authorization = `Bearer ${await issuers.github.sign(gitHubClaims(frame('github')))}`
  const ask = async () => (await fetch(`${gateway.url}/mlflow/alpha/version`, { headers: { authorization } })).status
  assert.equal(await ask(), 200)
  const { settings } = gateway
  const { additional, ...issuer } = withRules()
  const others = (additional as { url: string }[]).map((one) =>
    one.url === issuers.github.url
      ? { ...one, rules: [{ name: 'x', claims: { sub: 'nobody' }, project: 'alpha', role: 'viewer' }] }
      : one,
  )
  assert.equal(
    (await gateway.reload({ ...settings, issuer: { ...issuer, additional: others } })).event,
    'config-reloaded',
  )
  assert.equal(await ask(), 403)
})
