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

const names = [...Object.keys(OWN_ROWS), ...Object.keys(ROWS)]

const HELP = `npm run bench [-- OPTION ...]: the gateway beside what its users would pick, on one core, in the same run, on an idle machine.
Without --only it runs every row and writes docs/benchmarks.md

  --only ROW           these rows, written nowhere; may be repeated: ${names.join(', ')}
  --seconds COUNT      length of a round. Default: 4
  --rounds COUNT       rounds of a row. Default: 5
  --minutes COUNT      length of the mixed load. Default: 10
  --against DIRECTORY  another checkout, with its npm packages installed, for the row \`against\`
  --help               this text
`

const values = optionsOf()
if (values.help) {
  process.stdout.write(HELP)
  process.exit(0)
}
const chosen = values.only ?? names
const unknown = chosen.filter((name) => !names.includes(name))
if (unknown.length > 0) {
  console.error(`--only: expected ${names.join(', ')}, got ${unknown.join(', ')}`)
  process.exit(2)
}
const lengths = { seconds: positive('seconds'), rounds: positive('rounds'), minutes: positive('minutes') }

function optionsOf() {
  const number = (byDefault: string) => ({ type: 'string', default: byDefault }) as const
  const options = {
    ...{ seconds: number('4'), rounds: number('5'), minutes: number('10') },
    against: { type: 'string' },
    only: { type: 'string', multiple: true },
    help: { type: 'boolean', short: 'h' },
  } as const
  try {
    return parseArgs({ options }).values
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
    process.exit(2)
  }
}

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
