// Runs a script of this project on the pinned Node: `node infra/node24.mjs SCRIPT [ARGUMENTS]`.
// It must itself run on any Node since 18, because a fresh machine starts it with whatever Node it has.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
/** Installed with the packages, where npm has it for this platform (infra/node). */
const pinned = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
const stamp = join(root, 'node_modules', '.modelops-lock')

function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  console.error('Installing npm packages (once) ...')
  const { status, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  if (error || status !== 0) {
    console.error(
      'npm ci failed. The gateway needs its npm packages: check the network and the npm registry setting, then run the command again.',
    )
    process.exit(1)
  }
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, lock)
}

function nodePath() {
  if (existsSync(pinned)) return pinned
  if (process.version.startsWith('v24.')) return process.execPath
  console.error(
    `There is no package of Node 24 for ${process.platform} on ${process.arch}, and this is Node ${process.version}. Install Node 24, then run the command again.`,
  )
  process.exit(1)
}

installPackages()
const node = nodePath()
const child = spawn(node, ['--disable-warning=ExperimentalWarning', ...process.argv.slice(2)], {
  cwd: process.cwd(),
  stdio: 'inherit',
  env: {
    ...process.env,
    // Compiled modules are cached between runs: a test tier starts a hundred processes of the same modules.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'compiled'),
    PATH: `${dirname(node)}:${join(root, 'node_modules', '.bin')}:${process.env.PATH}`,
  },
})
// A terminal sends Ctrl-C to the whole group. The child decides when it exits.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  })
}
// npm does not forward every signal. If npm exits, this process must stop as well.
const parent = process.ppid
setInterval(() => {
  if (process.ppid !== parent) child.kill('SIGTERM')
}, 500).unref()
child.on('exit', (code, signal) => process.exit(signal ? 130 : (code ?? 1)))
