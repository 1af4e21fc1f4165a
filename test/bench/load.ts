import { spawn, spawnSync } from 'node:child_process'
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
const scriptFile = (ending: string) => join(scripts, `${Math.random().toString(36).slice(2)}.${ending}`)

export interface Load {
  readonly url: string
  readonly headers: Record<string, string>
  readonly seconds: number
  readonly connections?: number
  /** Requests a second to hold; default: as many as go. */
  readonly rate?: number
  /** `Cookie` values to go through instead of one. */
  readonly cookies?: readonly string[]
  /** Which of them comes first. */
  readonly firstCookie?: number
  /** Requests with one of them before the next one's turn. */
  readonly visit?: number
}

/** One run of wrk on the load core. @throws Error when anything but 2xx came back */
export function load(what: Load): LoadResult {
  const { stdout } = spawnSync('taskset', wrkArguments(what), { encoding: 'utf8' })
  return readWrk(what.url, stdout)
}

/** The same beside other work. @throws Error when anything but 2xx came back */
export async function loadBeside(what: Load): Promise<LoadResult> {
  return readWrk(what.url, await outputOf('taskset', wrkArguments(what)))
}

function wrkArguments({
  url,
  headers,
  seconds,
  connections = 32,
  rate,
  cookies,
  firstCookie = 0,
  visit = 1,
}: Load): string[] {
  const script = scriptFile('lua')
  writeFileSync(script, lua(rate === undefined ? undefined : (connections / rate) * 1000, cookies, firstCookie, visit))
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', script]
  return ['-c', LOAD_CORE, 'wrk', ...options, ...fields, url]
}

function readWrk(url: string, stdout: string): LoadResult {
  if (/Non-2xx|Socket errors: connect [^0]|read [1-9]|timeout [1-9]/.test(stdout))
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

/** @param pauseMs mean time between two requests of one connection; wrk's clock ticks once a millisecond */
function lua(
  pauseMs: number | undefined,
  cookies: readonly string[] | undefined,
  first: number,
  visit: number,
): string {
  const parts: string[] = []
  if (pauseMs !== undefined)
    parts.push(`function delay() return math.floor(math.random() * 2 * ${pauseMs.toFixed(3)} + 0.5) end`)
  if (cookies !== undefined) {
    const file = scriptFile('txt')
    writeFileSync(file, cookies.join('\n'))
    parts.push(`local all, n = {}, 0
for line in io.lines("${file}") do n = n + 1; all[n] = line end
local i, text, left = ${first}, "", 0
request = function()
  if left == 0 then i = i % n + 1; wrk.headers["Cookie"] = all[i]; text = wrk.format("GET"); left = ${visit} end
  left = left - 1
  return text
end`)
  }
  return parts.join('\n')
}

/** A transfer of one big body by curl. @throws Error when it was not answered 200 */
export function transfer(url: string, headers: Record<string, string>, upload?: string): { seconds: number } {
  const { stdout } = spawnSync('taskset', curlArguments(url, headers, upload), { encoding: 'utf8' })
  return readCurl(url, stdout)
}

/** The same beside other work. @throws Error when it was not answered 200 */
export async function transferBeside(url: string, headers: Record<string, string>, upload?: string): Promise<void> {
  readCurl(url, await outputOf('taskset', curlArguments(url, headers, upload)))
}

function curlArguments(url: string, headers: Record<string, string>, upload: string | undefined): string[] {
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const body = upload === undefined ? [] : ['-T', upload, '-H', 'Expect:']
  const output = ['-s', '-o', '/dev/null', '-w', '%{http_code} %{time_total}']
  return ['-c', LOAD_CORE, 'curl', ...output, ...fields, ...body, url]
}

function readCurl(url: string, stdout: string): { seconds: number } {
  const [status, seconds] = stdout.split(' ')
  if (status !== '200' && status !== '201' && status !== '204') throw new Error(`${url} answered ${stdout}`)
  return { seconds: Number(seconds) }
}

function outputOf(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (bytes) => {
    output += String(bytes)
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve(output))
  })
}
