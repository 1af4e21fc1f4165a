import { pairedCosts } from '../paired.ts'
import { gateway, type Subject } from '../subjects.ts'
import { tokenOfMachine } from './requests.ts'
import type { Ground } from './stage.ts'

/** Slices of each subject, for each second of the rounds of other rows. */
const TURNS = 8

/** What this checkout costs on the request path beside another one, with nothing switched on. */
export async function against({ report, issuer, upstream, rounds, seconds, keep, against: other }: Ground) {
  if (other === undefined) return
  const variant = { server: { trustedProxies: ['127.0.0.1/32'] } }
  const before = await keep(gateway(issuer, upstream.url, { ...variant, name: 'the other checkout', checkout: other }))
  const now = await keep(gateway(issuer, upstream.url, { ...variant, name: 'this one' }))
  const turns = Math.ceil(rounds * seconds * TURNS)
  const compare = async (title: string, path: string, headersOf: (subject: Subject) => Subject['headers']) => {
    const both = [before, now].map((subject) => ({ ...subject, headers: headersOf(subject) }))
    report.costs(title, await pairedCosts(both, turns, path), turns)
  }
  const bearer = { Authorization: `Bearer ${await tokenOfMachine(issuer.url)}` }
  await compare('GET 1 KB with a session', '/1k', ({ headers }) => headers)
  await compare('GET 1 KB with a bearer JWT', '/1k', () => bearer)
  await compare('Forward auth', '/auth/verify', ({ headers, url }) => ({
    ...headers,
    'X-Forwarded-Host': new URL(url).host,
    'X-Forwarded-Method': 'GET',
    'X-Forwarded-Uri': '/1k',
  }))
}
