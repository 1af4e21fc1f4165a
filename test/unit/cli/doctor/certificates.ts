import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** Certificates with any dates and names (RFC 5280 §4.1), which no command of every machine makes. */
export interface Certificate {
  readonly pem: string
  readonly keyPem: string
  readonly name: string
  readonly key: KeyObject
}

export interface CertificateOptions {
  readonly subject: string
  /** DNS names. */
  readonly names?: readonly string[]
  readonly from: Date
  readonly to: Date
  /** Absent: it signs itself. */
  readonly authority?: Certificate
}

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  const size = body.length
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}
const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts)
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const text = (tag: number, value: string) => der(tag, Buffer.from(value))

const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'))
const nameOf = (commonName: string) => sequence(der(0x31, sequence(oid('550403'), text(0x0c, commonName))))
/** GeneralizedTime without fractions. */
const time = (date: Date) => text(0x18, `${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`)

const extension = (id: string, value: Uint8Array) => sequence(oid(id), der(0x04, value))
const basicConstraints = (isAuthority: boolean) =>
  extension('551d13', sequence(...(isAuthority ? [der(0x01, Buffer.from([0xff]))] : [])))
const alternativeNames = (names: readonly string[]) =>
  extension('551d11', sequence(...names.map((name) => text(0x82, name))))

export function certificate({ subject, names = [], from, to, authority }: CertificateOptions): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, Buffer.from([1 + Math.floor(Math.random() * 100), 1])),
    ECDSA_SHA256,
    nameOf(authority?.name ?? subject),
    sequence(time(from), time(to)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(basicConstraints(names.length === 0), ...(names.length > 0 ? [alternativeNames(names)] : []))),
  )
  const signature = sign('sha256', body, authority?.key ?? privateKey)
  const whole = sequence(body, ECDSA_SHA256, der(0x03, Buffer.from([0]), signature))
  const base64 = whole.toString('base64').replace(/.{64}/g, '$&\n')
  return {
    pem: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    name: subject,
    key: privateKey,
  }
}

/** A real TLS server on loopback with this certificate. Resolves to its port. */
export async function startTls(t: TestContext, { pem, keyPem }: Certificate): Promise<number> {
  const server = createServer({ cert: pem, key: keyPem }, (_request, response) => response.end('ok'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
