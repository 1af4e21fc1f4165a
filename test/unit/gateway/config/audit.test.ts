import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../../../src/gateway/config/load.ts'
import { ConfigurationError } from '../../../../src/shared/settings/field-errors.ts'

/** The section `audit`, and what it refuses. */

const SECRET = 'k3Zr9vQ1xW7tY5uB2nM8aS4dF6gH0jL!'
const PEM = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----'

function parse(audit: unknown) {
  const raw = {
    server: { publicUrl: 'http://localhost:4180' },
    issuer: { url: 'http://localhost:1/', clientId: 'gateway', clientSecret: 'not-a-placeholder' },
    session: { secrets: [SECRET] },
    access: { adminGroup: 'modelops-admins' },
    projects: { source: 'static', list: [] },
    routes: [{ name: 'a', app: 'generic', path: '/a', upstream: 'http://127.0.0.1:1', access: 'login' }],
    audit,
  }
  return parseConfig(JSON.stringify(raw), '/etc/gateway/gateway.yaml', {}).audit
}

function errorsOf(audit: unknown): string[] {
  try {
    parse(audit)
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigurationError)
    assert.ok(!error.report().includes('hunter2'))
    return error.errors.map(({ path }) => path)
  }
}

test('without the section, the log is the sink, and requests go on if it fails', () => {
  assert.deepEqual(parse({}), { onFailure: 'continue', queueEvents: 10_000, sinks: [{ type: 'log' }] })
})

test('paths start at the folder of the file, and defaults are filled in', () => {
  const { sinks } = parse({
    sinks: [
      { type: 'file', path: 'audit/audit.jsonl' },
      { type: 'syslog', address: 'tls://logs.example' },
    ],
  })
  const file = {
    type: 'file',
    path: '/etc/gateway/audit/audit.jsonl',
    maxBytes: 104_857_600,
    keep: 20,
    fsync: false,
    chain: false,
  }
  const syslog = {
    type: 'syslog',
    address: 'tls://logs.example',
    facility: 13,
    appName: 'modelops-gateway',
    timeoutSeconds: 5,
  }
  assert.deepEqual(sinks, [file, syslog])
})

const file = { type: 'file', path: 'a.jsonl' }
const syslog = { type: 'syslog', address: 'tls://logs.example:6514', ca: PEM, clientCertificate: PEM, clientKey: PEM }
const otlp = { type: 'otlp', url: 'http://127.0.0.1:4318/v1/logs', headers: { 'x-api-key': 'hunter2' } }

test('every sink at once', () => {
  const sinks = [
    { ...file, chain: true, chainKey: SECRET, maxBytes: 65_536, keep: 0, fsync: true },
    syslog,
    otlp,
    { type: 'log', name: 'console' },
  ]
  assert.deepEqual(errorsOf({ reads: 'none', onFailure: 'deny-writes', queueEvents: 100, sinks }), [])
})

const WRONG: readonly [name: string, sinks: unknown, path: string][] = [
  ['no sink at all', [], 'audit.sinks'],
  ['a sink of an unknown type', [{ type: 'kafka' }], 'audit.sinks.0.type'],
  ['two sinks of one name', [file, { ...file, path: 'b.jsonl' }], 'audit.sinks.1.name'],
  ['two sinks that write one file', [file, { ...file, name: 'other' }], 'audit.sinks.1.path'],
  ['a key without a chain', [{ ...file, chainKey: SECRET }], 'audit.sinks.0.chainKey'],
  ['a short key', [{ ...file, chain: true, chainKey: 'hunter2' }], 'audit.sinks.0.chainKey'],
  ['a client certificate without its key', [{ ...syslog, clientKey: undefined }], 'audit.sinks.0.clientKey'],
  [
    'a key without its client certificate',
    [{ ...syslog, clientCertificate: undefined }],
    'audit.sinks.0.clientCertificate',
  ],
  ['syslog over UDP', [{ ...syslog, address: 'udp://logs.example:514' }], 'audit.sinks.0.address'],
  ['an address with a path', [{ ...syslog, address: 'tls://logs.example:6514/x' }], 'audit.sinks.0.address'],
  ['a name of an application that breaks the header', [{ ...syslog, appName: 'a b' }], 'audit.sinks.0.appName'],
  ['a facility that does not exist', [{ ...syslog, facility: 24 }], 'audit.sinks.0.facility'],
  ['a URL with a password', [{ ...otlp, url: 'http://user:hunter2@collector/v1/logs' }], 'audit.sinks.0.url'],
  ['a misspelt key', [{ ...file, chian: true }], 'audit.sinks.0.chian'],
]

for (const [name, sinks, path] of WRONG) test(`${name} is refused`, () => assert.deepEqual(errorsOf({ sinks }), [path]))
