import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'

test('npm run test:faults ends, and fails, when a lab cannot be set up and its other parts are running', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'no-caddy-'))
  const caddy = join(folder, 'caddy')
  writeFileSync(caddy, '#!/bin/sh\nexit 1\n')
  chmodSync(caddy, 0o755)
  const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}`, NODE_TEST_CONTEXT: undefined }
  const run = spawn(process.execPath, ['test/faults/run.ts', '--only', 'failovers'], { env, timeout: 100_000 })
  const [stdout, [code, signal]] = await Promise.all([text(run.stdout), once(run, 'exit')])
  rmSync(folder, { recursive: true })
  assert.match(stdout, /^\| failovers: Error: Caddy stopped while starting/m)
  assert.deepEqual([code, signal], [1, null])
})
