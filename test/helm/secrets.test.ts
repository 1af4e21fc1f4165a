import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { at, CHART, helm, render, valuesOf } from './chart.ts'

const DATA = {
  'client-secret': 'c-1f0b8d2e5a6947c3b1d4',
  'session-secret': 's-93ad5c7e1f2b4680b9d2e4f6a8c0b1d3',
  'redis-password': 'r-7e6d5c4b3a29180f',
}

test('secrets in the values are in the Secret and nowhere else', async () => {
  const manifests = await render('minimal', { secrets: { existingSecret: '', data: DATA } })
  const secret = manifests.one('Secret')
  for (const [name, value] of Object.entries(DATA))
    assert.equal(Buffer.from(secret.data?.[name] ?? '', 'base64').toString(), value)
  const rest = JSON.stringify(manifests.all.filter((each) => each !== secret))
  for (const value of Object.values(DATA)) {
    assert.ok(!rest.includes(value))
    assert.ok(!rest.includes(Buffer.from(value).toString('base64')))
  }
  assert.equal(at(manifests.one('Deployment'), 'spec.template.spec.volumes.1.secret.secretName'), secret.metadata.name)
})

test('the output of an installation contains no secret', async () => {
  const args = ['install', 'gw', CHART, '--dry-run=client', '--hide-secret']
  const values = valuesOf('minimal', { secrets: { existingSecret: '', data: DATA } })
  const { ok, stdout, stderr } = await helm(args, values)
  assert.ok(ok, stderr)
  assert.match(stdout, /NOTES:[\s\S]*https:\/\/o\.example\/auth\/callback/)
  for (const value of Object.values(DATA)) assert.ok(!stdout.includes(value))
})

test('with an existing Secret the chart creates none', async () => {
  assert.ok(!(await render('minimal')).kinds.includes('Secret'))
})

test('the default values contain no secret: each is empty or a reference', () => {
  const values: unknown = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8'))
  assert.deepEqual(at(values, 'secrets'), { existingSecret: '', data: {} })
  const references = [at(values, 'config.issuer.clientSecret'), at(values, 'config.session.secrets.0')]
  for (const reference of references)
    assert.match(String(reference), /^\$\{file:\/run\/secrets\/modelops-gateway\/[a-z-]+\}$/)
})

test('no template reads the cluster or generates a secret: the same values render to the same manifests', async () => {
  const templates = join(CHART, 'templates')
  for (const name of readdirSync(templates, { recursive: true })
    .map(String)
    .filter((each) => /\.(yaml|tpl|txt)$/.test(each)))
    assert.doesNotMatch(readFileSync(join(templates, name), 'utf8'), /\b(lookup|rand\w+|gen\w+|now)\b/, name)
  assert.deepEqual((await render('full')).all, (await render('full')).all)
})
