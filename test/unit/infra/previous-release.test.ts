import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { PartMissing } from '../../../infra/parts/progress.ts'
import { unpack } from '../../../infra/release/previous-release.ts'
import { PREVIOUS_RELEASE } from '../../../infra/release/releases.ts'

const folder = mkdtempSync(join(tmpdir(), 'previous-release-'))
after(() => rmSync(folder, { recursive: true }))

/** A repository with one commit. Its depth decides whether an older commit is there. */
function repository(): { path: string; commit: string } {
  const path = join(folder, 'repository')
  const git = (...args: string[]) => {
    const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.org', '-c', 'commit.gpgsign=false']
    const { status, stdout, stderr } = spawnSync('git', [...identity, '-C', path, ...args], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    return stdout.trim()
  }
  spawnSync('git', ['init', '-q', path])
  git('commit', '-q', '--allow-empty', '-m', 'a release')
  return { path, commit: git('rev-parse', 'HEAD') }
}

test('without the commit of the release, as in a shallow clone, the message says how to get it', async () => {
  const { path } = repository()
  await assert.rejects(unpack(PREVIOUS_RELEASE, folder, path), (error) => {
    assert.ok(error instanceof PartMissing)
    assert.match(error.message, new RegExp(`^Release ${PREVIOUS_RELEASE.version} .*${PREVIOUS_RELEASE.commit}`))
    assert.match(error.message, /git fetch --unshallow.*fetch depth to 0/)
    return true
  })
})

test('the archive of the commit is unpacked, and removed', async () => {
  const { path, commit } = repository()
  await unpack({ version: '0.0.1', commit }, folder, path)
  assert.ok(!existsSync(join(folder, 'release.tar')))
})
