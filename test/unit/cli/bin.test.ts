import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '../../..')
const BIN = join(ROOT, 'bin/modelops-gateway.cjs')
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** Runs the entry as another Node would. */
function runAs(version: string) {
  const pretend = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } }); require(${JSON.stringify(BIN)})`
  return spawnSync(process.execPath, ['-e', pretend], { encoding: 'utf8' })
}

for (const version of ['12.22.12', '22.19.0', '23.11.1', '25.0.0', '240.1.0']) {
  test(`Node ${version} is refused with one sentence about what to do, and exit code 1`, () => {
    const { status, stdout, stderr } = runAs(version)
    assert.equal(status, 1)
    assert.equal(stdout, '')
    assert.match(
      stderr,
      new RegExp(`^modelops-gateway needs Node 24, but this is Node ${version}\\. Install Node 24 .*\\n$`),
    )
  })
}

test('every Node can read the entry: nothing in it is newer than ECMAScript 5', () => {
  const code = readFileSync(BIN, 'utf8').replaceAll(/^(#!|\/\/).*$/gm, '')
  assert.doesNotMatch(code, /\b(const|let|class|import|export|async|await)\b|=>|`|\?\?|\?\.|\.\.\./)
})

test('an installed package brings the entry, and no Node of its own', () => {
  assert.equal(manifest.bin['modelops-gateway'], 'bin/modelops-gateway.cjs')
  assert.ok(manifest.files.includes('bin') && manifest.files.includes('dist'))
  assert.deepEqual(
    Object.keys(manifest.dependencies).filter((name) => name.startsWith('node')),
    [],
  )
})

test('`--version` and `version` print the version of the package', () => {
  for (const argument of ['--version', 'version']) {
    const main = join(ROOT, 'src/cli/main.ts')
    const { status, stdout } = spawnSync(process.execPath, [main, argument], { encoding: 'utf8' })
    assert.deepEqual([status, stdout], [0, `${manifest.version}\n`])
  }
})

test('output whose reader has ended, as with `| head`, ends a command without a stack', () => {
  const main = join(ROOT, 'src/cli/main.ts')
  // A second of silence on the reading side would be a guess: the reader is gone before the command starts.
  const script = `exec 3> >(exec true); wait $!; "$1" --disable-warning=ExperimentalWarning "$2" schema >&3`
  const { status, stderr } = spawnSync('bash', ['-c', script, 'bash', process.execPath, main], { encoding: 'utf8' })
  assert.deepEqual([status, stderr], [141, ''])
})
