import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { CliError } from '../../../../src/cli/cli-error.ts'
import { configDir } from '../../../../src/cli/login/config-dir.ts'
import { withFileLock } from '../../../../src/cli/login/file-lock.ts'
import { TokenCache } from '../../../../src/cli/login/token-cache.ts'

async function newDir(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'tokens-'))
  t.after(() => rm(dir, { recursive: true }))
  return dir
}

const places: [string, string, Parameters<typeof configDir>[0]][] = [
  [
    'Linux with XDG_CONFIG_HOME',
    '/cfg/modelops-gateway',
    { platform: 'linux', home: '/h', env: { XDG_CONFIG_HOME: '/cfg' } },
  ],
  ['Linux without it', '/h/.config/modelops-gateway', { platform: 'linux', home: '/h', env: {} }],
  [
    'Linux with a relative one',
    '/h/.config/modelops-gateway',
    { platform: 'linux', home: '/h', env: { XDG_CONFIG_HOME: 'cfg' } },
  ],
  ['macOS', '/h/Library/Application Support/modelops-gateway', { platform: 'darwin', home: '/h', env: {} }],
  ['Windows', join('/roaming', 'modelops-gateway'), { platform: 'win32', home: '/h', env: { APPDATA: '/roaming' } }],
]
for (const [machine, expected, given] of places) {
  test(`tokens are kept where ${machine} keeps settings`, () => assert.equal(configDir(given), expected))
}

test('a token file that other users may read is refused', async (t) => {
  const dir = await newDir(t)
  const cache = new TokenCache(dir)
  await cache.update(async () => ({ version: 1, gateways: {} }))
  await chmod(cache.path, 0o644)
  await assert.rejects(cache.load(), /expected mode 600/)
})

for (const [what, text] of [
  ['of another version', '{"version":2,"gateways":{}}'],
  ['that is no JSON', 'token=abc'],
  ['that is empty', ''],
] as const) {
  test(`a token file ${what} is refused by name and left alone`, async (t) => {
    const dir = await newDir(t)
    const cache = new TokenCache(dir)
    await writeFile(cache.path, text, { mode: 0o600 })
    await assert.rejects(
      cache.update(async () => ({ version: 1, gateways: {} })),
      (error: unknown) => {
        assert.ok(error instanceof CliError)
        assert.ok(error.message.includes(cache.path))
        return true
      },
    )
  })
}

test('a change that fails leaves the file and no debris', async (t) => {
  const dir = await newDir(t)
  const cache = new TokenCache(dir)
  await cache.update(async () => ({ version: 1, current: 'https://o.example', gateways: {} }))
  await assert.rejects(
    cache.update(() => Promise.reject(new CliError('no'))),
    /no/,
  )
  assert.equal((await cache.load()).current, 'https://o.example')
  assert.deepEqual((await readdir(dir)).sort(), ['tokens.json', 'tokens.json.lock'])
})

test('changes at once are made one after the other and none is lost', async (t) => {
  const cache = new TokenCache(await newDir(t))
  await cache.update(async () => ({ version: 1, current: '', gateways: {} }))
  await Promise.all(
    ['a', 'b', 'c', 'd'].map((letter) =>
      cache.update(async (cached) => ({ ...cached, current: `${cached.current}${letter}` })),
    ),
  )
  assert.deepEqual([...((await cache.load()).current ?? '')].sort(), ['a', 'b', 'c', 'd'])
})

test('a lock held by somebody else is waited for, then given up on by name', async (t) => {
  const path = join(await newDir(t), 'lock')
  await withFileLock(path, 0, async () => {
    await assert.rejects(
      withFileLock(path, 0, async () => {}),
      (error: unknown) => error instanceof CliError && error.message.includes(path),
    )
  })
  await withFileLock(path, 0, async () => {})
})

test('a lock ends with the process that held it, however that ended', async (t) => {
  const dir = await newDir(t)
  await mkdir(dir, { recursive: true })
  const path = join(dir, 'lock')
  const holder = spawn(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '--eval',
    `import { withFileLock } from ${JSON.stringify(new URL('../../../../src/cli/login/file-lock.ts', import.meta.url).href)}
     // A promise that nothing can resolve is garbage, and the lock with it: a timer keeps this one.
     await withFileLock(${JSON.stringify(path)}, 0, () => { console.log('held'); return new Promise((resolve) => setTimeout(resolve, 60_000)) })`,
  ])
  t.after(() => holder.kill('SIGKILL'))
  await once(holder.stdout, 'data')
  await assert.rejects(
    withFileLock(path, 0, async () => {}),
    CliError,
  )
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  await withFileLock(path, 0, async () => {})
})
