import { spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LOAD_CORE } from './process.ts'

export interface LoadResult {
  readonly perSecond: number
  readonly requests: number
  /** Latency, ms. */
  readonly p50: number
  readonly p99: number
}

const scripts = mkdtempSync(join(tmpdir(), 'bench-'))

export interface Load {
  readonly url: string
  readonly headers: Record<string, string>
  readonly seconds: number
  readonly connections?: number
  /** Requests a second to hold; default: as many as go. */
  readonly rate?: number
  /** `Cookie` values to go through instead of one. */
  readonly cookies?: readonly string[]
}

/** One run of wrk on the load core. @throws Error when anything but 2xx came back */
export function load({ url, headers, seconds, connections = 32, rate, cookies }: Load): LoadResult {
  const script = join(scripts, `${Math.random().toString(36).slice(2)}.lua`)
  writeFileSync(script, lua(rate === undefined ? undefined : (connections / rate) * 1000, cookies))
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const args = [
    '-c',
    LOAD_CORE,
    'wrk',
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--latency',
    '-s',
    script,
    ...fields,
    url,
  ]
  const { stdout } = spawnSync('taskset', args, { encoding: 'utf8' })
  if (/Non-2xx|Socket errors: connect [^0]|read [1-9]/.test(stdout))
    throw new Error(`${url} answered other than 200:\n${stdout}`)
  const number = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1] ?? Number.NaN)
  const result = {
    perSecond: number(/Requests\/sec:\s+([\d.]+)/),
    requests: number(/(\d+) requests in/),
    p50: milliseconds(/50%\s+([\d.]+)(\w+)/.exec(stdout)),
    p99: milliseconds(/99%\s+([\d.]+)(\w+)/.exec(stdout)),
  }
  if (!(result.requests > 0)) throw new Error(`${url} was not answered:\n${stdout}`)
  return result
}

const milliseconds = (match: RegExpExecArray | null) =>
  Number(match?.[1]) * ({ us: 0.001, ms: 1, s: 1000 }[match?.[2] ?? ''] ?? Number.NaN)

/** @param pauseMs mean time between two requests of one connection */
function lua(pauseMs: number | undefined, cookies: readonly string[] | undefined): string {
  const parts: string[] = []
  if (pauseMs !== undefined)
    parts.push(`function delay() return math.floor(math.random() * 2 * ${pauseMs.toFixed(3)} + 0.5) end`)
  if (cookies !== undefined) {
    const file = join(scripts, `${Math.random().toString(36).slice(2)}.txt`)
    writeFileSync(file, cookies.join('\n'))
    parts.push(`local all, n = {}, 0
for line in io.lines("${file}") do n = n + 1; all[n] = line end
local i = 0
request = function() i = i % n + 1; wrk.headers["Cookie"] = all[i]; return wrk.format("GET") end`)
  }
  return parts.join('\n')
}

/** A transfer of one big body by curl. @throws Error when it was not answered 200 */
export function transfer(url: string, headers: Record<string, string>, upload?: string): { seconds: number } {
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const body = upload === undefined ? [] : ['-T', upload, '-H', 'Expect:']
  const args = [
    '-c',
    LOAD_CORE,
    'curl',
    '-s',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code} %{time_total}',
    ...fields,
    ...body,
    url,
  ]
  const { stdout } = spawnSync('taskset', args, { encoding: 'utf8' })
  const [status, seconds] = stdout.split(' ')
  if (status !== '200' && status !== '201' && status !== '204') throw new Error(`${url} answered ${stdout}`)
  return { seconds: Number(seconds) }
}
