import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dashboardFile } from '../../../../infra/grafana/dashboard.ts'

interface Shown {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly datasource?: { readonly uid: string }
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[]
}

const dashboard = JSON.parse(dashboardFile()) as {
  panels: Shown[]
  templating: { list: { name: string; definition?: string }[] }
}
const { panels } = dashboard
const variables = dashboard.templating.list.map(({ name }) => name)

test('panels have different ids, and the queries of each different letters', () => {
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  for (const { title, targets = [] } of panels)
    assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title)
})

test('panels stay within the 24 columns and do not overlap', () => {
  const taken = new Map<string, string>()
  for (const { title, gridPos } of panels) {
    assert.ok(gridPos.x + gridPos.w <= 24, title)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        assert.equal(taken.get(`${x},${y}`), undefined, title)
        taken.set(`${x},${y}`, title)
      }
    }
  }
})

test('every variable that a query uses exists, and every variable is used', () => {
  assert.deepEqual(variables, ['datasource', 'job', 'instance', 'route', 'project'])
  const text = dashboardFile()
  const used = new Set([...text.matchAll(/\$\{?(?!__)([a-z]\w*)\}?/g)].map(([, name = '']) => name))
  assert.deepEqual([...used].toSorted(), variables.toSorted())
})

test('every panel reads the chosen data source', () => {
  for (const { type, title, datasource } of panels)
    if (type !== 'row') assert.equal(datasource?.uid, '${datasource}', title)
})
