import { X509Certificate } from 'node:crypto'
import { messageOf } from '../../../shared/message-of.ts'
import { readCertificate, type ShownCertificate } from '../../../shared/shown-certificate.ts'
import type { Check } from '../check.ts'
import { type Finding, failed, ok, skipped, warning } from '../finding.ts'
import { type Place, placesIn } from '../hosts.ts'
import { blockedBecause, type World } from '../world.ts'

const DAY_MS = 86_400_000
/** Automatic renewal happens earlier than this: a certificate with less has probably been forgotten. */
const SOON_DAYS = 14

export const tlsCheck: Check = {
  id: 'tls',
  title: 'TLS',
  async run(world) {
    const places = placesIn(world.config).filter(({ tls }) => tls)
    const found = await Promise.all(places.map((place) => placeFindings(world, place)))
    const findings = [...found.flat(), ...ownCertificates(world)]
    return findings.length > 0 ? findings : [skipped('no server of the configuration uses TLS')]
  },
}

async function placeFindings(world: World, place: Place): Promise<Finding[]> {
  const name = `${place.host}:${place.port}`
  const why = blockedBecause(world, place)
  if (why !== undefined) return [skipped(`${name}: not checked, because ${why}`)]
  try {
    const shown = await readCertificate(place)
    const findings = certificateFindings(name, shown, place, world.clock())
    if (findings.some(({ status }) => status === 'failed'))
      world.blocked.set(name, `the TLS certificate of ${name} is not accepted`)
    return findings
  } catch (error) {
    return [notConnected(name, place, messageOf(error))]
  }
}

/** The check of the server itself reports a server that does not run, once. */
function notConnected(name: string, { isPublic }: Place, detail: string): Finding {
  const text = `${name}: no TLS connection (${detail})`
  const cause = /wrong version|packet length|EPROTO/i.test(detail)
    ? 'The server speaks plain http on this port.'
    : 'The server does not run, or a firewall blocks the connection.'
  if (isPublic)
    return warning(text, cause, 'Start the proxy in front. If only this machine cannot reach it, ignore this.')
  return failed(text, cause, 'Start the server, or correct its address.')
}

/** @param now Milliseconds since the epoch. */
export function certificateFindings(name: string, shown: ShownCertificate, place: Place, now: number): Finding[] {
  const { error, isForHost, names, issuedBy, validFrom, validTo } = shown
  const days = Math.floor((validTo.getTime() - now) / DAY_MS)
  const findings: Finding[] = []
  if (!isForHost) {
    const text = `${name}: the certificate is for ${names.slice(0, 5).join(', ')}, not for this name`
    const cause = 'The server shows the certificate of another site, or it was issued for another name.'
    findings.push(failed(text, cause, `Install a certificate with the name ${place.host}, or correct the address.`))
  }
  if (validTo.getTime() <= now) {
    const text = `${name}: the certificate expired ${-days === 1 ? '1 day' : `${-days} days`} ago (${dateOf(validTo)})`
    findings.push(
      failed(text, 'It was not renewed, or the server still uses the old file.', 'Renew it and reload the server.'),
    )
  } else if (validFrom.getTime() > now) {
    const text = `${name}: the certificate is valid only from ${dateOf(validFrom)}`
    findings.push(failed(text, 'The clock of this machine is behind.', 'Correct the clock (NTP).'))
  } else if (error !== undefined && error !== 'ERR_TLS_CERT_ALTNAME_INVALID')
    findings.push(untrusted(name, error, shown, place))
  if (findings.length > 0) return findings
  const text = `${name}: valid for ${days} more days (until ${dateOf(validTo)}), issued by ${issuedBy}`
  if (days >= SOON_DAYS) return [ok(text)]
  return [
    warning(text, 'Automatic renewal did not happen in time.', 'Renew the certificate, and check what renews it.'),
  ]
}

function untrusted(name: string, error: string, { issuedBy }: ShownCertificate, { keys }: Place): Finding {
  const isStore = keys.includes('session.store')
  const give = isStore
    ? 'Name its CA certificate in session.storeCa: ${file:/path/ca.pem}.'
    : 'Start the gateway with NODE_EXTRA_CA_CERTS=/path/ca.pem, the CA certificate of that authority.'
  if (error === 'CERT_HAS_EXPIRED')
    return failed(
      `${name}: a certificate of its chain has expired`,
      'The server sends an old intermediate certificate.',
      'Install the current chain on the server.',
    )
  if (error === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE') {
    const text = `${name}: the chain of the certificate is incomplete or its authority is unknown (${error})`
    const cause = `The server does not send the intermediate certificate, or this machine does not know ${issuedBy}.`
    return failed(text, cause, `Install the full chain on the server. For an authority of your own: ${give}`)
  }
  const text = `${name}: the authority of the certificate is unknown: ${issuedBy} (${error})`
  return failed(text, 'The certificate is self-signed, or from an authority of your own that Node does not know.', give)
}

/** Certificates in the configuration itself. */
function ownCertificates({ config, clock }: World): Finding[] {
  const pem = config.session.storeCa?.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return pem.flatMap((text) => {
    const { validTo } = new X509Certificate(text)
    const days = Math.floor((Date.parse(validTo) - clock()) / DAY_MS)
    const what = `session.storeCa: the CA certificate ${days < 0 ? 'expired' : 'expires'} on ${dateOf(new Date(validTo))}`
    if (days >= SOON_DAYS) return [ok(what)]
    return [warning(what, 'It was not replaced in time.', 'Put the new CA certificate into the file.')]
  })
}

const dateOf = (date: Date) => date.toISOString().slice(0, 10)
