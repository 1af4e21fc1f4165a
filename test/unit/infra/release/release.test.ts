import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { releaseProblems } from '../../../../infra/release/release-problems.ts'

const VERSION = '1.2.3'
const folders: string[] = []
let folder: string

const git = (...args: string[]) =>
  execFileSync('git', ['-C', folder, '-c', 'user.name=o', '-c', 'user.email=o@o.example', ...args], { stdio: 'pipe' })

/** A checkout that can be released. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'release-'))
  folders.push(folder)
  git('init', '--quiet')
  commit('## 1.2.3 (2026-01-02)\n')
  git('tag', 'v1.2.3')
})
after(() => {
  for (const each of folders) rmSync(each, { recursive: true, force: true })
})

function commit(changelog: string): void {
  writeFileSync(join(folder, 'CHANGELOG.md'), changelog)
  git('add', '.')
  git('commit', '--quiet', '--message', 'o')
}

test('a tagged commit without changes and with a dated section can be released', async () => {
  assert.deepEqual(await releaseProblems(folder, VERSION), [])
})

test('a changed file is named', async () => {
  writeFileSync(join(folder, 'o.txt'), 'o')
  const [problem, ...others] = await releaseProblems(folder, VERSION)
  assert.match(problem ?? '', /Commit or remove them:\n\?\? o\.txt/)
  assert.deepEqual(others, [])
})

test('a commit without the tag of its version is rejected, with the command that makes it', async () => {
  commit('## 1.2.3 (2026-01-02)\n\n- one more\n')
  git('tag', 'v1.2.4')
  const [problem, ...others] = await releaseProblems(folder, VERSION)
  assert.match(problem ?? '', /Expected the tag v1\.2\.3 on this commit, found v1\.2\.4\..*git tag --sign v1\.2\.3/)
  assert.deepEqual(others, [])
})

for (const [section, found] of [
  ['## 1.2.3 (unreleased)', '"(unreleased)"'],
  ['## 1.2.30 (2026-01-02)', 'no such section'],
  ['## 1x2.3 (2026-01-02)', 'no such section'],
] as const) {
  test(`a CHANGELOG with "${section}" is rejected`, async () => {
    commit(`${section}\n`)
    git('tag', '--force', 'v1.2.3')
    assert.deepEqual(await releaseProblems(folder, VERSION), [
      `CHANGELOG.md: expected "## 1.2.3 (YYYY-MM-DD)", found ${found}.`,
    ])
  })
}
