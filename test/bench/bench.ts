import { writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { checkout } from '../../infra/parts/directories.ts'
import { run } from '../../infra/parts/run.ts'
import { transfer } from './load.ts'
import { SUBJECT_CORE } from './process.ts'
import { interleave, median, perSecond, type Series, spread } from './rounds.ts'
import { seedSessions } from './seed.ts'
import * as start from './subjects.ts'
import { ensureTools, OAUTH2_PROXY } from './tools.ts'

/**
 * `npm run bench`: the gateway beside what its users would pick, on one core, in the same run. The table goes to
 * docs/benchmarks.md. `--seconds`, `--rounds`: length; `--only ROW`: rows whose name holds the text, written nowhere.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
  },
})
const seconds = Number(values.seconds)
const rounds = Number(values.rounds)

const lines: string[] = []
const say = (line = '') => {
  console.log(line)
  lines.push(line)
}

const oauth2ProxyBinary = await ensureTools()
const upstream = await start.startUpstream()
const issuer = await start.startBenchIssuer()
const running: start.Subject[] = []
const keep = async (subject: Promise<start.Subject>) => {
  const started = await subject
  running.push(started)
  return started
}

/**
 * Prints one row of comparisons; ratios are to `base`. The one by processor time holds on a machine that others use too:
 * it does not ask who else wanted the core.
 */
function report(title: string, series: readonly Series[], base: string): void {
  const based = series.find(({ name }) => name === base) as Series
  const unit = median(perSecond(based))
  const unitCpu = median(based.rounds.map((round) => round.cpuMicroseconds))
  say(`### ${title}`)
  say()
  say(
    `| subject | requests/s, median | spread | ratio to ${base} | CPU a request, µs | ratio by CPU | p50, ms | p99, ms |`,
  )
  say('|---|---|---|---|---|---|---|---|')
  for (const one of series) {
    const rate = perSecond(one)
    const of = (pick: (round: Series['rounds'][number]) => number) => median(one.rounds.map(pick))
    say(
      `| ${one.name} | ${Math.round(median(rate))} | ${Math.round(spread(rate) * 100)} % | ${(median(rate) / unit).toFixed(2)} | ${of((r) => r.cpuMicroseconds).toFixed(0)} | ${(unitCpu / of((r) => r.cpuMicroseconds)).toFixed(2)} | ${of((r) => r.p50).toFixed(2)} | ${of((r) => r.p99).toFixed(2)} |`,
    )
  }
  say()
}

const wanted = (row: string) => values.only === undefined || row.includes(values.only)
const O2P = 'oauth2-proxy (cookie store)'

async function tokenOfMachine(): Promise<string> {
  const answer = await fetch(`${issuer.url}/token`, {
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

try {
  const nginx = await keep(start.plainNginx(upstream.url))
  const caddy = await keep(start.plainCaddy(upstream.url))
  const o2p = await keep(start.oauth2Proxy(oauth2ProxyBinary, issuer, upstream.url))
  const gateway = await keep(start.gateway(issuer, upstream.url, { server: { trustedProxies: ['127.0.0.1/32'] } }))
  const four = [nginx, caddy, o2p, gateway]

  if (wanted('session')) report('GET 1 KB with a session', interleave(four, rounds, { path: '/1k', seconds }), O2P)
  if (wanted('bearer')) {
    const headers = { Authorization: `Bearer ${await tokenOfMachine()}` }
    const both = [o2p, gateway].map((subject) => ({ ...subject, headers }))
    report('GET 1 KB with a bearer JWT', interleave(both, rounds, { path: '/1k', seconds }), O2P)
  }
  if (wanted('forward-auth')) {
    const asking = [
      await keep(start.nginxAsking(o2p, '/auth/auth', upstream.url)),
      await keep(start.nginxAsking(gateway, '/auth/verify?for=nginx', upstream.url)),
      await keep(start.caddyAsking(o2p, '/auth/auth', upstream.url)),
      await keep(start.caddyAsking(gateway, '/auth/verify', upstream.url)),
    ]
    report('GET 1 KB, forward auth', interleave(asking, rounds, { path: '/1k', seconds }), `nginx asking ${O2P}`)
  }
  if (wanted('100 KB')) report('GET 100 KB with a session', interleave(four, rounds, { path: '/100k', seconds }), O2P)
  if (wanted('half')) {
    const peak = (subject: start.Subject) =>
      median(perSecond(interleave([subject], 1, { path: '/1k', seconds })[0] as Series))
    const series = [o2p, gateway].flatMap((subject) =>
      interleave([subject], rounds, { path: '/1k', seconds, connections: 128, rate: peak(subject) / 2 }),
    )
    report('GET 1 KB at half of the own peak, 128 connections', series, O2P)
  }
  if (wanted('1 GiB')) bigBodies([nginx, o2p, gateway])
  if (wanted('logins')) await logins([o2p, gateway])
  if (wanted('memory')) await memory(gateway, o2p)
  if (wanted('workers')) await workers()
  if (wanted('growth')) await growth()
  if (values.only === undefined) await write()
} finally {
  for (const { process } of running) await process.stop()
  await Promise.all([upstream.process.stop(), upstream.sink.stop(), issuer.close()])
}

/** 1 GiB down and up through curl, and what it does to the subject's memory. */
function bigBodies(subjects: readonly start.Subject[]): void {
  say('### 1 GiB, one transfer at a time')
  say()
  say('| subject | direction | seconds, median | speed as share of nginx | CPU, s | RSS growth, MiB |')
  say('|---|---|---|---|---|---|')
  for (const direction of ['download', 'upload'] as const) {
    const times = subjects.map(() => [] as number[])
    const growth = subjects.map(() => 0)
    const used = subjects.map(() => [] as number[])
    for (let round = 0; round < rounds; round += 1) {
      for (const [i, { url, headers, process }] of subjects.entries()) {
        const before = process.rss()
        const cpu = process.cpuSeconds()
        const { seconds: took } =
          direction === 'download' ? transfer(`${url}/1g`, headers) : transfer(`${url}/up`, headers, upstream.bigFile)
        times[i]?.push(took)
        used[i]?.push(process.cpuSeconds() - cpu)
        growth[i] = Math.max(growth[i] ?? 0, process.rss() - before)
      }
    }
    const unit = median(times[0] as number[])
    for (const [i, { name }] of subjects.entries()) {
      const took = median(times[i] as number[])
      say(
        `| ${name} | ${direction} | ${took.toFixed(2)} | ${(unit / took).toFixed(2)} | ${median(used[i] as number[]).toFixed(2)} | ${(growth[i] as number).toFixed(0)} |`,
      )
    }
  }
  say()
}

async function logins(subjects: readonly start.Subject[]): Promise<void> {
  const count = 30
  say('### Whole logins a second (with the embedded issuer on the other core)')
  say()
  say('| subject | logins/s |')
  say('|---|---|')
  for (const { name, url } of subjects) {
    const cookie = name === O2P ? '_o2p' : 'modelops_gateway='
    const from = performance.now()
    for (let i = 0; i < count; i += 1) await start.logIn(url, cookie)
    say(`| ${name} | ${(count / ((performance.now() - from) / 1000)).toFixed(1)} |`)
  }
  say()
}

async function memory(gateway: start.Subject, o2p: start.Subject): Promise<void> {
  const seed = join(checkout, 'test/bench/seed.ts')
  const { tail } = await run(process.execPath, ['--expose-gc', '--disable-warning=ExperimentalWarning', seed, '100000'])
  say('### Memory')
  say()
  say(
    `Gateway after the rows above: ${gateway.process.rss().toFixed(0)} MiB; oauth2-proxy: ${o2p.process.rss().toFixed(0)} MiB.`,
  )
  say(
    `100,000 sessions of 2 KB tokens in the memory store: ${(JSON.parse(tail.split('\n').at(-1) ?? '').mebibytes as number).toFixed(0)} MiB more.`,
  )
  say()
}

/** One and two workers, both free to use both cores, under the same load. */
async function workers(): Promise<void> {
  const store = `sqlite:${join(start.directory, 'workers.db')}`
  const [cookie = ''] = await seedSessions(issuer.url, store, 1, 3)
  const both = []
  for (const count of [1, 2])
    both.push(
      await keep(
        start.gateway(issuer, upstream.url, {
          name: `${count} worker${count > 1 ? 's' : ''}`,
          workers: count,
          store,
          core: '0,1',
          headers: { Cookie: cookie },
        }),
      ),
    )
  report(
    'Workers: GET 1 KB with a session, load on the same two cores',
    interleave(both, rounds, { path: '/1k', seconds, connections: 64 }),
    '1 worker',
  )
}

async function growth(): Promise<void> {
  const variants: [string, number, number, number][] = [
    ['10 projects, 3 groups, 1 session', 10, 3, 1],
    ['1,000 projects', 1000, 3, 1],
    ['10,000 projects', 10_000, 3, 1],
    ['1 group', 10, 1, 1],
    ['30 groups', 10, 30, 1],
    ['300 groups', 10, 300, 1],
    ['1,000 sessions in turn', 10, 3, 1000],
    ['100,000 sessions in turn', 10, 3, 100_000],
  ]
  const series: Series[] = []
  const subjects = []
  for (const [i, [name, projects, groups, sessions]] of variants.entries()) {
    const store = `sqlite:${join(start.directory, `growth-${i}.db`)}`
    const cookies = await seedSessions(issuer.url, store, sessions, groups)
    subjects.push({
      cookies,
      subject: await keep(
        start.gateway(issuer, upstream.url, { name, projects, store, headers: { Cookie: cookies[0] as string } }),
      ),
    })
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const [i, { cookies, subject }] of subjects.entries()) {
      const [one] = interleave([subject], 1, { path: '/1k', seconds, ...(cookies.length > 1 ? { cookies } : {}) })
      series[i] = { name: subject.name, rounds: [...(series[i]?.rounds ?? []), ...(one as Series).rounds] }
    }
  }
  report('Growth: GET 1 KB with a session', series, variants[0]?.[0] as string)
}

async function write(): Promise<void> {
  const version = async (command: string, args: string[]) => {
    const { tail } = await run(command, args)
    return tail.split('\n')[0]
  }
  const head = [
    '# Benchmarks',
    '',
    `Written by \`npm run bench\` (rounds: ${rounds}, ${seconds} s each, interleaved; wrk with 1 thread and 32 connections where nothing`,
    `else is said). Every subject runs on core ${SUBJECT_CORE} alone; load, upstream (nginx, static files) and issuer on the other. Numbers`,
    'are medians; spread is the distance between the quartiles. An answer other than 2xx fails the run.',
    '',
    `Machine: ${cpus().length} × ${cpus()[0]?.model}, Linux ${release()}. Node ${process.version}, oauth2-proxy ${OAUTH2_PROXY},`,
    `${await version('nginx', ['-v'])}, Caddy ${await version('caddy', ['version'])}, ${await version('wrk', ['-v'])}.`,
    '',
  ]
  writeFileSync(join(checkout, 'docs', 'benchmarks.md'), `${[...head, ...lines].join('\n').trimEnd()}\n`)
}
