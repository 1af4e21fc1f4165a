import { named, of, rate } from '../report.ts'
import { interleave, type Series } from '../rounds.ts'
import { caddyAsking, nginxAsking, type Subject } from '../subjects.ts'
import type { Stage } from './stage.ts'

/** The requests that people and programs send all day. */

export function session({ report, nginx, caddy, oauth2Proxy, gateway, rounds, seconds }: Stage): void {
  const series = interleave([nginx, caddy, oauth2Proxy, gateway], rounds, { path: '/1k', seconds })
  report.compare('GET 1 KB with a session', series, oauth2Proxy.name)
  const own = of(named(series, gateway.name), rate)
  for (const [other, times] of [
    [oauth2Proxy, 4],
    [caddy, 1],
  ] as const) {
    const ratio = own / of(named(series, other.name), rate)
    report.target(
      `GET with a session at least ${times} times ${other.name}`,
      `${ratio.toFixed(2)} times`,
      ratio >= times,
    )
  }
}

export async function bearer({ report, issuer, oauth2Proxy, gateway, rounds, seconds }: Stage): Promise<void> {
  const headers = { Authorization: `Bearer ${await tokenOfMachine(issuer.url)}` }
  const both = [oauth2Proxy, gateway].map((subject) => ({ ...subject, headers }))
  const series = interleave(both, rounds, { path: '/1k', seconds })
  report.compare('GET 1 KB with a bearer JWT', series, oauth2Proxy.name)
}

export async function tokenOfMachine(issuerUrl: string): Promise<string> {
  const answer = await fetch(`${issuerUrl}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'ci-service',
      client_secret: 'ci-service-secret',
    }),
  })
  const body = (await answer.json()) as { access_token?: string }
  if (body.access_token === undefined) throw new Error(`the issuer gave no token: ${JSON.stringify(body)}`)
  return body.access_token
}

export async function forwardAuth(stage: Stage): Promise<void> {
  const { report, upstream, oauth2Proxy, gateway, rounds, seconds, keep } = stage
  const asking = [
    await keep(nginxAsking(oauth2Proxy, '/auth/auth', upstream.url)),
    await keep(nginxAsking(gateway, '/auth/verify?for=nginx', upstream.url)),
    await keep(caddyAsking(oauth2Proxy, '/auth/auth', upstream.url)),
    await keep(caddyAsking(gateway, '/auth/verify', upstream.url)),
  ]
  const series = interleave(asking, rounds, { path: '/1k', seconds })
  report.compare('GET 1 KB, forward auth', series, `nginx asking ${oauth2Proxy.name}`)
}

export function hundredKilobytes({ report, nginx, caddy, oauth2Proxy, gateway, rounds, seconds }: Stage): void {
  const series = interleave([nginx, caddy, oauth2Proxy, gateway], rounds, { path: '/100k', seconds })
  report.compare('GET 100 KB with a session', series, oauth2Proxy.name)
}

const CONNECTIONS = 128

/** Latency where nobody queues: each at half of what it can do, then both at half of what oauth2-proxy can do. */
export function halfLoad({ report, oauth2Proxy, gateway, rounds, seconds }: Stage): void {
  const both = [oauth2Proxy, gateway]
  const peaks = interleave(both, 1, { path: '/1k', seconds }).map((series) => of(series, rate))
  const at = (subject: Subject, peak: number): Series =>
    interleave([subject], rounds, { path: '/1k', seconds, connections: CONNECTIONS, rate: peak / 2 })[0] as Series
  const own = both.map((subject, i) => at(subject, peaks[i] as number))
  const same = both.map((subject) => at(subject, peaks[0] as number))
  report.compare(`GET 1 KB at half of the own peak, ${CONNECTIONS} connections`, own, oauth2Proxy.name)
  report.compare(
    `GET 1 KB at half of the peak of ${oauth2Proxy.name} for both, ${CONNECTIONS} connections`,
    same,
    oauth2Proxy.name,
  )
  for (const [series, load] of [
    [own, 'half of the own peak'],
    [same, 'the same load, half of the peak of oauth2-proxy'],
  ] as const) {
    const p99 = of(named(series, gateway.name), (round) => round.p99)
    const p50 = of(named(series, oauth2Proxy.name), (round) => round.p50)
    report.target(
      `p99 at ${load} no worse than oauth2-proxy’s p50`,
      `${p99.toFixed(2)} ms against ${p50.toFixed(2)} ms`,
      p99 <= p50,
    )
  }
}
