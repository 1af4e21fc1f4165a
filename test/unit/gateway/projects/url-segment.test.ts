import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ListedProjects } from '../../../../src/gateway/policy/listed-projects.ts'
import { takenSegments, urlSegmentOf } from '../../../../src/gateway/projects/url-segment.ts'

const ID = '11111111-1111-4111-8111-111111111111'
const segmentOf = (name: string, routes: Parameters<typeof takenSegments>[0]) => {
  const project = { id: ID, name, groups: [], viewerGroups: [] }
  const snapshot = new ListedProjects([project])
  return urlSegmentOf({ snapshot: () => snapshot }, project, takenSegments(routes))
}
const mlflow = (path: string, host?: string) => ({ app: 'mlflow', path, host }) as const
const airflow = (path: string, host?: string) => ({ app: 'airflow', path, host }) as const

const rows: [name: string, leads: 'name' | 'id', ...routes: Parameters<typeof takenSegments>[0]][] = [
  ['alpha', 'name', mlflow('/mlflow'), airflow('/airflow')],
  ['airflow', 'name', mlflow('/mlflow'), airflow('/airflow')],
  ['airflow', 'id', mlflow('/'), airflow('/airflow')],
  ['airflow', 'name', mlflow('/', 'a.example'), airflow('/airflow', 'b.example')],
  ['x', 'id', mlflow('/mlflow'), airflow('/mlflow/x/y')],
  ['xy', 'name', mlflow('/mlflow'), airflow('/mlflow/x')],
  ['healthz', 'id', mlflow('/')],
  ['api', 'id', mlflow('/mlflow')],
  ['Alpha', 'id', mlflow('/mlflow')],
]
for (const [name, leads, ...routes] of rows)
  test(`beside ${routes.map(({ app, host = '', path }) => `${app} at ${host}${path}`).join(' and ')}, the ${leads} leads to "${name}"`, () => {
    assert.equal(segmentOf(name, routes), leads === 'name' ? name : ID)
  })
