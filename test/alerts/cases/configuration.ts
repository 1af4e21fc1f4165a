import { A, B, type Case, JOB } from './case.ts'

const RELOAD = `modelops_gateway_config_last_reload_successful{${A}}`
const secret = (of: string) => `modelops_gateway_secret_outdated{${of},key="issuer.clientSecret"}`

const DAY = 86_400
const ENDPOINT = 'https://mlflow.example'
const certificate = (days: number, of = A) => ({
  [`modelops_gateway_certificate_expiry_timestamp_seconds{${of},endpoint="${ENDPOINT}"}`]: `${days * DAY + 1200}x30`,
})
const expiry = { labels: { job: JOB, endpoint: ENDPOINT } }

const release = (known: number) => ({
  [`modelops_gateway_app_release_known{${A},route="mlflow",release="9.0.0",catalogue="3.18"}`]: `${known}x30`,
})

export const configuration: readonly Case[] = [
  {
    alert: 'ModelopsGatewayReloadFailed',
    when: 'until a reload succeeds',
    series: { [RELOAD]: '1 0x10' },
    at: 8,
    fires: { labels: { job: JOB, instance: 'a:4181' } },
  },
  {
    alert: 'ModelopsGatewayReloadFailed',
    when: 'after the next reload succeeded',
    series: { [RELOAD]: '1 0x5 1x10' },
    at: 8,
  },
  {
    alert: 'ModelopsGatewaySecretNotLoaded',
    when: 'when a secret is newer than the configuration',
    series: { [secret(A)]: '0x5 1x30', [secret(B)]: '0x35' },
    at: 25,
    fires: { labels: { job: JOB, instance: 'a:4181', key: 'issuer.clientSecret' } },
  },
  {
    alert: 'ModelopsGatewaySecretNotLoaded',
    when: 'when the replica was reloaded some minutes later',
    series: { [secret(A)]: '0x5 1x8 0x20' },
    at: 25,
  },
  {
    alert: 'ModelopsGatewayCertificateExpiry',
    rule: 0,
    when: 'ten days before',
    series: certificate(10),
    at: 20,
    fires: { ...expiry, value: '10d 0h 0m 0s' },
  },
  {
    alert: 'ModelopsGatewayCertificateExpiry',
    rule: 0,
    when: 'twenty days before',
    series: certificate(20),
    at: 20,
  },
  {
    alert: 'ModelopsGatewayCertificateExpiry',
    rule: 1,
    when: 'one day before, as the replica sees that has the older certificate',
    series: { ...certificate(1), ...certificate(90, B) },
    at: 20,
    fires: { ...expiry, value: '1d 0h 0m 0s' },
  },
  {
    alert: 'ModelopsGatewayCertificateExpiry',
    rule: 1,
    when: 'after it has expired',
    series: certificate(0),
    at: 25,
    fires: { ...expiry, value: '-5m 0s' },
  },
  {
    alert: 'ModelopsGatewayUnknownRelease',
    when: 'when the application was upgraded',
    series: release(0),
    at: 15,
    fires: { labels: { job: JOB, route: 'mlflow', release: '9.0.0', catalogue: '3.18' } },
  },
  { alert: 'ModelopsGatewayUnknownRelease', when: 'for a known release', series: release(1), at: 15 },
]
