import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

const run = (...args: string[]) => {
  const { status, stdout } = spawnSync(process.execPath, ['test/run.ts', ...args], { encoding: 'utf8' })
  return { status, stdout }
}

for (const lanes of ['0', '1.5', 'many'])
  test(`npm test denies --lanes ${lanes}`, () => {
    const { status, stdout } = run('--lanes', lanes)
    assert.equal(status, 2)
    assert.equal(stdout, `--lanes: expected a whole number from 1 to 16, got ${lanes}\n`)
  })

test('npm test names the tiers when it does not know one', () => {
  const { status, stdout } = run('--tier', 'nosuch')
  assert.equal(status, 2)
  assert.match(stdout, /^--tier: expected check, path, .*, got nosuch\n$/)
})
