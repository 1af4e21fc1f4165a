import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { suite, test } from 'node:test'

/** `npm run test:faults` ends, and fails, whatever fails in it while its other parts are running. */

/** A command that replaces one of the machine. `$real` is the path of the replaced one. */
interface Broken {
  readonly command: string
  readonly script: string
}

async function runOf(group: string, { command, script }: Broken, ...options: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'broken-part-'))
  const file = join(folder, command)
  const path = process.env.PATH ?? ''
  writeFileSync(file, `#!/bin/sh\nreal=$(PATH='${path}' command -v ${command})\n${script}\n`)
  chmodSync(file, 0o755)
  const own = { PATH: `${folder}${delimiter}${path}`, TMPDIR: folder, NODE_TEST_CONTEXT: undefined }
  const env = { ...process.env, ...own }
  const run = spawn(process.execPath, ['test/faults/run.ts', '--only', group, ...options], { env, timeout: 100_000 })
  const [stdout, [code, signal]] = await Promise.all([text(run.stdout), once(run, 'exit')])
  rmSync(folder, { recursive: true })
  return { stdout, code, signal }
}

const CASES: readonly (readonly [string, string, Broken, RegExp])[] = [
  [
    'Caddy does not start',
    'cluster',
    { command: 'caddy', script: 'exit 1' },
    /^\| cluster: Error: Caddy stopped while starting/m,
  ],
  [
    'the cluster cannot be created',
    'cluster',
    { command: 'redis-cli', script: '[ "$1" = --cluster ] && echo refused && exit 1; exec "$real" "$@"' },
    /^\| cluster: Error: the cluster could not be created:\nrefused/m,
  ],
  [
    'Redis does not start',
    'outages',
    { command: 'redis-server', script: 'exit 1' },
    /^\| outages: Error: Redis stopped while starting/m,
  ],
  [
    'Redis dies while the replicas start',
    'outages',
    {
      command: 'redis-server',
      script: '"$real" "$@" & until ls "$TMPDIR"/*/replica-0.log; do sleep 0.1; done; kill -9 $!',
    },
    /^\| outages: Error: signing in ended at .* \(503\)/m,
  ],
]

suite('test:faults ends with status 1', { concurrency: true }, () => {
  for (const [name, group, broken, expected] of CASES)
    test(`when ${name}`, async () => {
      const { stdout, code, signal } = await runOf(group, broken)
      assert.match(stdout, expected)
      assert.deepEqual([code, signal], [1, null])
    })

  test('when a row does not end', async () => {
    const stuck = { command: 'redis-cli', script: 'exec sleep 600' }
    const { stdout, code, signal } = await runOf('cluster', stuck, '--limit-seconds', '3')
    assert.match(stdout, /^\| cluster: Error: no result within 3 s/m)
    assert.deepEqual([code, signal], [1, null])
  })
})
