import { parseArgs } from 'node:util'
import { Report } from './report.ts'
import { against } from './rows/against.ts'
import { bigBodies } from './rows/bodies.ts'
import { growth } from './rows/growth.ts'
import { logins } from './rows/logins.ts'
import { memory } from './rows/memory.ts'
import { mixedLoad } from './rows/mixed.ts'
import { observability } from './rows/observability.ts'
import { bearer, forwardAuth, halfLoad, hundredKilobytes, session } from './rows/requests.ts'
import type { Ground, Row, Stage } from './rows/stage.ts'
import { startup } from './rows/startup.ts'
import { workers } from './rows/workers.ts'
import * as start from './subjects.ts'
import { ensureOauth2Proxy, ensurePrograms } from './tools.ts'
import { writePage } from './write.ts'

/**
 * `npm run bench`: the gateway beside what its users would pick, on one core, in the same run. The page goes to
 * docs/benchmarks.md. `--seconds`, `--rounds`: length of a round and how many; `--minutes`: length of the mixed load;
 * `--only ROW` (may be repeated): these rows, written nowhere; `--against DIRECTORY`: another checkout, with its
 * packages installed, for the row `against`.
 */
const ROWS: Record<string, Row> = {
  session,
  bearer,
  'forward-auth': forwardAuth,
  '100k': hundredKilobytes,
  half: halfLoad,
  bodies: bigBodies,
  logins,
  memory,
  workers,
  growth,
  mixed: mixedLoad,
}
/** Of the gateway by itself: they need no other subject. */
const OWN_ROWS: Record<string, Row<Ground>> = { observability, against, startup }

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
    minutes: { type: 'string', default: '10' },
    against: { type: 'string' },
    only: { type: 'string', multiple: true },
  },
})
const names = [...Object.keys(OWN_ROWS), ...Object.keys(ROWS)]
const chosen = values.only ?? names
const unknown = chosen.filter((name) => !names.includes(name))
if (unknown.length > 0) {
  console.error(`--only: expected ${names.join(', ')}, got ${unknown.join(', ')}`)
  process.exit(2)
}
const lengths = { seconds: positive('seconds'), rounds: positive('rounds'), minutes: positive('minutes') }

function positive(name: 'seconds' | 'rounds' | 'minutes'): number {
  const number = Number(values[name])
  if (number > 0) return number
  console.error(`--${name}: expected a number above 0, got ${values[name]}`)
  process.exit(2)
}

await ensurePrograms()
const upstream = await start.startUpstream()
const issuer = await start.startBenchIssuer()
const running: start.Subject[] = []
const keep = async (subject: Promise<start.Subject>) => {
  const started = await subject
  running.push(started)
  return started
}

try {
  const report = new Report()
  const ground: Ground = { report, upstream, issuer, keep, ...lengths, against: values.against }
  const compared = chosen.filter((name) => name in ROWS)
  if (compared.length > 0) {
    const stage = await withOthers(ground)
    for (const name of compared) await ROWS[name]?.(stage)
  }
  for (const name of chosen) await OWN_ROWS[name]?.(ground)
  if (values.only === undefined) await writePage(report, lengths)
} finally {
  for (const { process } of running) await process.stop()
  await Promise.all([upstream.process.stop(), upstream.sink.stop(), issuer.close()])
}

async function withOthers(ground: Ground): Promise<Stage> {
  const binary = await ensureOauth2Proxy()
  return {
    ...ground,
    nginx: await keep(start.plainNginx(upstream.url)),
    caddy: await keep(start.plainCaddy(upstream.url)),
    oauth2Proxy: await keep(start.oauth2Proxy(binary, issuer, upstream.url)),
    gateway: await keep(start.gateway(issuer, upstream.url, { server: { trustedProxies: ['127.0.0.1/32'] } })),
  }
}
