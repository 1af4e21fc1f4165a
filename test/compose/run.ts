import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { partsDirectory } from '../../infra/parts/directories.ts'
import { withLock } from '../../infra/parts/lock.ts'
import { ensurePodman } from '../../infra/parts/podman.ts'
import { PartMissing, toStderr } from '../../infra/parts/progress.ts'
import { BUILD_OPTIONS, ensureBases } from './bases.ts'
import { capture, Engine } from './engine.ts'

/**
 * `npm run test:compose`: runs docker-compose.yml. Images are built with the machine's network. The containers then
 * run in namespaces of their own, so that ports, bridges and packet filters are not the machine's, and nothing outlives
 * the tests whatever ends them.
 */

const NAMESPACES = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
/** The browser of the tests finds both addresses on loopback, where the ports are published. */
const ENTER = `
mount --make-rprivate / && mount -t tmpfs tmpfs /run && ip link set lo up
printf '127.0.0.1 localhost o.example sso.o.example\\n' > /run/hosts && mount --bind /run/hosts /etc/hosts
exec "$@"`

try {
  await withLock('compose', toStderr, () => main())
} catch (error) {
  if (!(error instanceof PartMissing)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}

async function main(): Promise<void> {
  const podman = await ensurePodman()
  const engine = new Engine(podman, {})
  await ensureBases(engine, toStderr)
  toStderr('compose: building the images')
  await engine.compose(`--podman-build-args=${BUILD_OPTIONS.join(' ')}`, 'build')
  const secrets = partsDirectory('podman', 'secrets')
  rmSync(secrets, { recursive: true })
  await capture('sh', ['infra/compose/secrets.sh', 'https://o.example', 'sso.o.example'], { SECRETS: secrets })
  const tests = [process.execPath, '--disable-warning=ExperimentalWarning', '--test', '--test-timeout=900000']
  const files = [join(import.meta.dirname, 'compose.test.ts')]
  const { status } = spawnSync('unshare', [...NAMESPACES, 'sh', '-ec', ENTER, 'sh', ...tests, ...files], {
    stdio: 'inherit',
    env: { ...process.env, SECRETS: secrets, NODE_EXTRA_CA_CERTS: join(secrets, 'authority_certificate') },
  })
  rmSync(secrets, { recursive: true })
  process.exitCode = status ?? 1
}
