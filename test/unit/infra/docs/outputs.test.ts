import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { REASONS, type Reason } from '../../../../src/gateway/errors.ts'
import { bundledProgram } from '../../../cli/bundled.ts'
import { codeBlocks, documentation } from './pages.ts'

const ENV = {
  OIDC_CLIENT_SECRET: 'a client secret',
  SESSION_SECRET: 'a session secret of 32 bytes or more',
}
const folder = mkdtempSync(join(tmpdir(), 'docs-'))
after(() => rmSync(folder, { recursive: true }))

const [node = '', ...program] = await bundledProgram()

/** Runs the command line in a folder with the example as `gateway.yaml`. Resolves to what it prints. */
function run(config: string, ...args: string[]): string {
  writeFileSync(join(folder, 'gateway.yaml'), config)
  writeFileSync(join(folder, 'projects.yaml'), readFileSync('config/projects.yaml'))
  const options = { cwd: folder, env: { ...process.env, ...ENV }, encoding: 'utf8' } as const
  const { stdout, stderr } = spawnSync(node, [...program, ...args], options)
  return stdout + stderr
}

const example = readFileSync('config/gateway.yaml', 'utf8')

test('the guide to MLflow shows the output of explain', () => {
  const page = readFileSync('docs/guides/applications/mlflow.md', 'utf8')
  const other = '22222222-2222-4222-8222-222222222222'
  const options = ['--url', '/mlflow/', '--user', 'bob', '--groups', 'project-alpha', '--project', other]
  assert.ok(codeBlocks(page, 'text').includes(run(example, 'explain', '--config', 'gateway.yaml', ...options)))
})

test('the guide to a server shows the output of check', () => {
  const page = readFileSync('docs/guides/deploy/server.md', 'utf8')
  const wrong = example.replace('adminGroup:', 'adminGroups:')
  assert.ok(codeBlocks(page, 'text').includes(run(wrong, 'check', '--config', 'gateway.yaml')))
})

for (const [path, page] of documentation()) {
  test(`every denial in ${path} has the text and the hint of its reason`, () => {
    for (const json of codeBlocks(page, 'json')) {
      for (const [, message = '', reason] of json.matchAll(/"message": ?"([^"]+)", ?"reason": ?"([a-z-]+)"/g)) {
        const { text, hint } = REASONS[reason as Reason]
        assert.ok([`${text} ${hint}`, `${text} …`].includes(message), message)
      }
    }
  })
}
