import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { CHART_FILE, packChart } from '../../infra/package/chart.ts'
import { VERSION } from '../../infra/package/python-packages.ts'
import { ensureHelm } from '../../infra/parts/helm.ts'
import { CHART, valuesFile } from './chart.ts'

let folder: string
let chart: string
let program: string

before(async () => {
  program = await ensureHelm()
  folder = mkdtempSync(join(tmpdir(), 'chart-'))
  chart = join(folder, CHART_FILE)
  await packChart(folder, 1_700_000_000, () => {})
})
const helm = (...args: string[]) => execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe' })

after(() => rmSync(folder, { recursive: true, force: true }))

test('Helm renders the packed chart like the folder', () => {
  const render = (path: string) => helm('template', 'o', path, '-f', valuesFile('full'))
  assert.equal(render(chart), render(CHART))
})

test('Helm reads its name and version', () => {
  const shown = helm('show', 'chart', chart)
  assert.match(shown, /^name: modelops-gateway$/m)
  assert.match(shown, new RegExp(`^version: ${VERSION.replaceAll('.', '\\.')}$`, 'm'))
})

test('Helm packs the same files', () => {
  helm('package', CHART, '--destination', folder)
  const filesOf = (path: string) =>
    execFileSync('tar', ['-tzf', path], { encoding: 'utf8' })
      .split('\n')
      .filter((name) => name && !name.endsWith('/'))
      .sort()
  assert.deepEqual(filesOf(chart), filesOf(join(folder, `modelops-gateway-${VERSION}.tgz`)))
})
