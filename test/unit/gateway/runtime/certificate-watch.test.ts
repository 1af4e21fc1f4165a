import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createServer } from 'node:tls'
import { CertificateWatch, readExpiry } from '../../../../src/gateway/runtime/certificate-watch.ts'
import { tlsEndpoints } from '../../../../src/gateway/runtime/observe.ts'

test('the expiry of a certificate is read from the server, whether or not it is trusted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'modelops-expiry-'))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', '/CN=upstream', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
    ],
    { stdio: 'ignore' },
  )
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const expiry = await readExpiry(new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`))
    const days = (expiry - Date.now() / 1000) / 86_400
    assert.ok(days > 1.9 && days < 2.1, String(days))
  } finally {
    server.close()
    rmSync(folder, { recursive: true })
  }
})

test('what is known stays while a server is down, and ends with the endpoint', async () => {
  const expiries: Record<string, number> = { 'https://a.example/': 1, 'https://b.example/': 2 }
  const watch = new CertificateWatch(async ({ href }) => {
    const expiry = expiries[href]
    if (expiry === undefined) throw new Error('down')
    return expiry
  })
  watch.watch(new Set(['https://a.example', 'https://b.example', 'https://c.example']))
  await watch.readAll()
  assert.deepEqual([...watch.expiries.values()].toSorted(), [1, 2])
  delete expiries['https://a.example/']
  await watch.readAll()
  assert.equal(watch.expiries.get('https://a.example'), 1)
  watch.watch(new Set(['https://b.example']))
  await watch.readAll()
  assert.deepEqual([...watch.expiries], [['https://b.example', 2]])
  watch.close()
})

test('every server with TLS is watched, without credentials', () => {
  const endpoints = tlsEndpoints({
    issuer: {
      url: 'https://sso.example/realms/shared',
      additional: [
        { url: 'https://cluster.example' },
        { url: 'https://x.example', jwksUrl: 'https://keys.example/jwks' },
      ],
    },
    projects: { source: 'core', url: 'https://core.example/api' },
    audit: {
      sinks: [
        { type: 'log' },
        { type: 'syslog', address: 'tls://logs.example' },
        { type: 'syslog', address: 'tls://[::1]:1234' },
        { type: 'syslog', address: 'tcp://plain.example' },
        { type: 'otlp', url: 'https://otlp.example/v1/logs' },
      ],
    },
    observability: { tracing: { endpoint: 'https://traces.example' } },
    session: { store: 'rediss://user:password@r1:6380/0' },
    routes: [
      { upstream: 'https://mlflow.example:5000', mlflow: { instances: { a: 'https://other.example/x' } } },
      { upstream: 'http://plain.example' },
    ],
  } as unknown as Parameters<typeof tlsEndpoints>[0])
  assert.deepEqual(
    [...endpoints],
    [
      'https://sso.example',
      'https://cluster.example',
      'https://keys.example',
      'https://mlflow.example:5000',
      'https://other.example',
      'https://core.example',
      'https://otlp.example',
      'https://traces.example',
      'rediss://r1:6380',
      'tls://logs.example:6514',
      'tls://[::1]:1234',
    ],
  )
})
