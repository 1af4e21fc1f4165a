import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { ensureActionlint } from '../../../infra/parts/actionlint.ts'
import { TIERS } from '../../tiers.ts'

interface Step {
  readonly uses?: string
  readonly run?: string
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>
  readonly jobs: Readonly<
    Record<string, { readonly strategy?: { matrix: { tier: string[] } }; readonly steps: Step[] }>
  >
}

const files = ['.github', '.forgejo'].flatMap((forge) =>
  readdirSync(join(forge, 'workflows')).map((name) => join(forge, 'workflows', name)),
)
const text = (file: string) => readFileSync(file, 'utf8')
const workflow = (file: string) => parse(text(file)) as Workflow
const stepsOf = (file: string) => Object.values(workflow(file).jobs).flatMap(({ steps }) => steps)
const tiersOf = (file: string) =>
  Object.values(workflow(file).jobs).flatMap(({ strategy }) => strategy?.matrix.tier ?? [])

// The first run builds the linter.
test('the linter has nothing to say about the workflows', { timeout: 300_000 }, async () => {
  const actionlint = await ensureActionlint()
  // Throws with what it says.
  execFileSync(actionlint, ['-no-color', '-config-file', '.github/actionlint.yaml', ...files], { encoding: 'utf8' })
})

for (const file of files) {
  test(`${file}: runs npm scripts and nothing else`, () => {
    const scripts = Object.keys((JSON.parse(text('package.json')) as { scripts: object }).scripts)
    for (const { run } of stepsOf(file)) {
      if (run === undefined) continue
      const [, name = ''] = /^npm (?:run )?([\w:]+)(?: -- [^;&|\n]*)?$/.exec(run) ?? []
      assert.ok(scripts.includes(name), `no npm script: ${run}`)
    }
  })

  test(`${file}: names each action by its commit, and may read alone`, () => {
    for (const { uses } of stepsOf(file)) if (uses !== undefined) assert.match(uses, /@[0-9a-f]{40}$/)
    assert.deepEqual(workflow(file).permissions, { contents: 'read' })
  })
}

for (const forge of ['.github', '.forgejo']) {
  test(`${forge}: every tier is in one workflow`, () => {
    const named = (onlyNamed: boolean) =>
      TIERS.filter((tier) => (tier.onlyNamed ?? false) === onlyNamed).map(({ name }) => name)
    assert.deepEqual(tiersOf(join(forge, 'workflows', 'test.yml')), named(false))
    // Containers in a container are not to be had on a hosted runner.
    assert.deepEqual(
      tiersOf(join(forge, 'workflows', 'nightly.yml')),
      named(true).filter((name) => !['compose', 'image'].includes(name)),
    )
  })
}

test('both forges run the same', () => {
  for (const name of readdirSync('.github/workflows')) {
    const [hosted, own] = [text(join('.github', 'workflows', name)), text(join('.forgejo', 'workflows', name))]
    assert.equal(hosted.replaceAll('runs-on: ubuntu-24.04', 'runs-on: docker'), own)
  }
})
