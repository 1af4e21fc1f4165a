import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pino } from 'pino'
import { loadProjectsFile, watchProjectsFile } from '../../../../src/gateway/projects/file.ts'

const ALPHA = '11111111-1111-4111-8111-111111111111'
const alpha = `- { id: ${ALPHA}, name: alpha, groups: [project-alpha] }\n`
const BETA = '22222222-2222-4222-8222-222222222222'

async function until(condition: () => boolean) {
  for (let i = 0; i < 300 && !condition(); i += 1) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(condition())
}

test('follows the file, also when it is replaced by renaming, and keeps the previous projects after an invalid edit', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-projects-'))
  const file = join(folder, 'projects.yaml')
  const lines: string[] = []
  writeFileSync(file, alpha)
  const watched = watchProjectsFile(file, pino({}, { write: (line: string) => void lines.push(line) }), 5)
  t.after(() => watched.close())
  const names = () =>
    watched
      .snapshot()
      ?.all()
      .map((project) => project.name) ?? []
  assert.deepEqual(names(), ['alpha'])

  writeFileSync(file, `${alpha}- { id: not-a-uuid, name: beta, groups: [] }\n`)
  await until(() => lines.some((line) => line.includes('projects-refused')))
  assert.deepEqual(names(), ['alpha'])
  assert.match(lines.join(''), /1\.id/)

  writeFileSync(`${file}.new`, `${alpha}- { id: ${BETA}, name: beta, groups: [project-beta] }\n`)
  renameSync(`${file}.new`, file)
  await until(() => names().length === 2)
})

test('errors of a file at start are reported together', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-projects-'))
  const file = join(folder, 'projects.yaml')
  writeFileSync(file, `${alpha}${alpha}- { id: ${BETA}, name: '', groups: [project-beta] }\n`)
  assert.throws(() => loadProjectsFile(file), /2\.name/)
  assert.throws(() => loadProjectsFile(join(folder, 'none.yaml')), /expected a readable YAML or JSON list of projects/)
})
