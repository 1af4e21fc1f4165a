import { isLoopback } from '../../../shared/loopback.ts'
import { messageOf } from '../../../shared/message-of.ts'
import { readCertificate, type ShownCertificate } from '../../../shared/shown-certificate.ts'
import { type Case, fail, notRun, pass, unanswered, type Verdict, warning } from '../case.ts'
import { ofResponse, orClosed, shown, withoutResponse } from '../judges.ts'
import { bytesOf } from '../wire/request.ts'
import { headerOf } from '../wire/response.ts'
import { type OldVersion, offer } from '../wire/tls.ts'
import type { World } from '../world.ts'

const section = 'tls' as const
const DAY_MS = 86_400_000
const SOON_DAYS = 14
const YEAR_SECONDS = 31_536_000

const withoutTls = ({ place }: World): string | undefined =>
  place.tls ? undefined : 'the URL is plain http: there is no TLS to check'

/** @param now Milliseconds since the epoch. */
export function certificateVerdict(shown: ShownCertificate, now: number): Verdict {
  const { error, isForHost, issuedBy, validFrom, validTo } = shown
  const days = Math.floor((validTo.getTime() - now) / DAY_MS)
  if (!isForHost) return fail('the certificate is for another name')
  if (validTo.getTime() <= now) return fail('the certificate has expired')
  if (validFrom.getTime() > now) return fail('the certificate is not valid yet')
  if (error !== undefined) return fail(`the certificate is not accepted: ${error}, issued by ${issuedBy}`)
  if (days < SOON_DAYS) return warning(`valid for ${days} more days`)
  return pass(`valid for ${days} more days, issued by ${issuedBy}`)
}

const oldVersion = (version: OldVersion, name: string): Case => ({
  ...{ id: `tls-version-${name.slice(-3).replace('.', '-')}`, section, title: `${name} is refused` },
  sent: `a TLS handshake that offers ${name} alone`,
  demanded: 'no connection',
  ...{ source: 'RFC 8996 §4, ASVS 5.0 12.1.1, CWE-326', fix: 'Allow TLS 1.2 and 1.3 alone (nginx: ssl_protocols).' },
  missing: withoutTls,
  async run(world) {
    const handshake = await offer(world.place, version)
    if (handshake === 'accepted') return fail('the connection was accepted')
    if (handshake === 'cannot') return notRun(`this machine cannot offer ${name}`)
    if (await world.control()) return pass('refused; an ordinary request right after had a response')
    return unanswered('no connection, and an ordinary request right after had no response')
  },
})

export const tlsCases: readonly Case[] = [
  {
    ...{ id: 'tls-used', section, title: 'The deployment uses TLS' },
    sent: 'nothing: this is in the URL',
    demanded: 'https',
    ...{ source: 'ASVS 5.0 12.2.1, CWE-319', fix: 'Put a proxy with TLS in front, and use its https origin.' },
    missing: ({ place }) =>
      !place.tls && isLoopback(place.host) ? 'the URL is on this machine: run it against the public URL' : undefined,
    run: async ({ place }) => (place.tls ? pass('https') : fail('plain http: everything can be read on the way')),
  },
  {
    ...{ id: 'tls-certificate', section, title: 'The certificate is valid' },
    sent: 'a TLS handshake',
    demanded: 'a certificate for this host, from a trusted authority, for at least 14 more days',
    ...{ source: 'ASVS 5.0 12.2.2, CWE-295' },
    fix: 'Install a certificate for this host with its chain. For an authority of your own: --ca FILE.',
    missing: withoutTls,
    async run({ place }) {
      try {
        return certificateVerdict(await readCertificate(place), Date.now())
      } catch (error) {
        return unanswered(messageOf(error))
      }
    },
  },
  oldVersion('TLSv1', 'TLS 1.0'),
  oldVersion('TLSv1.1', 'TLS 1.1'),
  {
    ...{ id: 'tls-plain-http', section, title: 'Plain HTTP is redirected to https, or closed' },
    sent: 'GET /auth/login over plain HTTP to the same host',
    demanded: 'a redirect to https, a denial, or no connection',
    ...{ source: 'ASVS 5.0 12.2.1, CWE-319', fix: 'Redirect plain HTTP to https in the proxy, or close the port.' },
    missing: ({ httpPort, place }) =>
      withoutTls({ place } as World) ??
      (httpPort === undefined ? 'the port of plain HTTP is not known: --http-port' : undefined),
    async run(world) {
      const place = { host: world.place.host, port: world.httpPort ?? 80, tls: false }
      const received = await world.sendTo(place, bytesOf({ target: '/auth/login', host: place.host }))
      if (received.kind === 'unreached' || received.kind === 'closed')
        return (await world.control()) ? pass('closed') : withoutResponse(received)
      return ofResponse(received, (response) => {
        const location = headerOf(response, 'location') ?? ''
        if (response.status >= 300 && response.status < 400)
          return location.startsWith('https://') ? pass('redirected to https') : fail('redirected, but not to https')
        return response.status >= 400 ? pass(shown(response)) : fail(`served without TLS: ${shown(response)}`)
      })
    },
  },
  {
    ...{ id: 'tls-hsts', section, title: 'Browsers remember to use https' },
    sent: 'GET /auth/signed-out',
    demanded: 'Strict-Transport-Security with a max-age of a year or more',
    ...{ source: 'RFC 6797 §7.2, ASVS 5.0 3.4.1, CWE-319' },
    fix: 'Keep Strict-Transport-Security of the gateway. It is sent if server.publicUrl is https.',
    missing: withoutTls,
    run: async (world) =>
      orClosed(world, await world.ask({ target: '/auth/signed-out', accept: 'text/html' }), (received) =>
        ofResponse(received, (response) => {
          const value = headerOf(response, 'strict-transport-security')
          if (value === undefined) return fail('no Strict-Transport-Security')
          const seconds = Number(/max-age="?(\d+)/i.exec(value)?.[1] ?? 0)
          return seconds >= YEAR_SECONDS ? pass(`max-age ${seconds}`) : fail(`max-age ${seconds}: less than a year`)
        }),
      ),
  },
]
