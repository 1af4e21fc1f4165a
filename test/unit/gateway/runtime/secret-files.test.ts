import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Registry } from 'prom-client'
import { Instruments } from '../../../../src/gateway/observability/metrics/instruments.ts'
import { buildReloadMetrics } from '../../../../src/gateway/observability/metrics/reload-metrics.ts'
import { SecretFiles } from '../../../../src/gateway/runtime/secret-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'secret-files-'))
after(() => rmSync(folder, { recursive: true }))
const KEY = 'issuer.clientSecret'
const [FIRST, SECOND] = [new Date(1_700_000_000_000), new Date(1_700_000_060_000)]

/** A secret that was written at this time. */
function writeSecret(name: string, at: Date): string {
  const file = join(folder, name)
  writeFileSync(file, 'a client secret')
  utimesSync(file, at, at)
  return file
}

function measured(secrets: SecretFiles) {
  const { registry } = new Instruments(new Registry())
  const metrics = buildReloadMetrics(new Instruments(registry), 0, () => secrets.current)
  const sample = async (name: string) => {
    const found = await registry.getSingleMetric(`modelops_gateway_${name}`)?.get()
    return found?.values[0]?.value
  }
  return { metrics, sample }
}

test('a secret is outdated from the next write until the next successful reload', async () => {
  const secrets = new SecretFiles()
  const file = writeSecret('rotated', FIRST)
  const load = () => secrets.load((onFile) => onFile(KEY, file))
  load()
  const { metrics, sample } = measured(secrets)
  const seen = async () => [await sample('secret_outdated'), await sample('secret_changed_timestamp_seconds')]
  assert.deepEqual(await seen(), [0, FIRST.getTime() / 1000])
  writeSecret('rotated', SECOND)
  assert.deepEqual(await seen(), [1, FIRST.getTime() / 1000])
  load()
  metrics.reloaded('failure')
  assert.deepEqual(await seen(), [1, FIRST.getTime() / 1000])
  metrics.reloaded('success')
  assert.deepEqual(await seen(), [0, SECOND.getTime() / 1000])
})

test('a value that refers to two files is outdated when one of them is written', () => {
  const secrets = new SecretFiles()
  const [user, password] = [writeSecret('user', FIRST), writeSecret('password', FIRST)]
  secrets.load((onFile) => {
    onFile(KEY, user)
    onFile(KEY, password)
  })
  assert.equal(secrets.current.get(KEY)?.isOutdated(), false)
  writeSecret('password', SECOND)
  assert.equal(secrets.current.get(KEY)?.isOutdated(), true)
})

test('a secret that is missing while it is replaced is not outdated', () => {
  const secrets = new SecretFiles()
  const file = writeSecret('replaced', FIRST)
  secrets.load((onFile) => onFile(KEY, file))
  rmSync(file)
  assert.equal(secrets.current.get(KEY)?.isOutdated(), false)
})

test('the last reload is successful until one is rejected', async () => {
  const { metrics, sample } = measured(new SecretFiles())
  assert.equal(await sample('config_last_reload_successful'), 1)
  metrics.reloaded('failure')
  assert.equal(await sample('config_last_reload_successful'), 0)
  metrics.reloaded('success')
  assert.equal(await sample('config_last_reload_successful'), 1)
})
