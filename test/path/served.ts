import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GATEWAY_CLIENT } from '../../infra/issuer/clients.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { bundledProgram } from '../cli/bundled.ts'
import { KIT_PROJECTS, KIT_SECRET } from '../kit.ts'

const [node = '', ...program] = await bundledProgram()

type Section = Record<string, unknown>
export type Settings = Record<string, Section | readonly Section[]>

/** The gateway as an operator runs it: `serve` in a process of its own, with a file that may be changed. */
export class Served {
  readonly child: ChildProcess
  readonly file: string
  readonly url: string
  readonly adminUrl: string
  output = ''
  #wake: (() => void)[] = []

  private constructor(file: string, url: string, adminUrl: string) {
    this.file = file
    this.url = url
    this.adminUrl = adminUrl
    this.child = spawn(node, [...program, 'serve', '--config', file], { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (bytes) => {
        this.output += String(bytes)
        for (const wake of this.#wake.splice(0)) wake()
      })
    }
    this.child.once('exit', () => {
      for (const wake of this.#wake.splice(0)) wake()
    })
  }

  /** Writes `settings` (listener and issuer are filled in) into `directory` and waits until the gateway is ready, or has ended. */
  static async start(directory: string, issuerUrl: string, settings: Settings): Promise<Served> {
    const [port, adminPort] = [await freePort(), await freePort()]
    const url = `http://127.0.0.1:${port}`
    const file = join(directory, `${port}.yaml`)
    const over = (name: string) => settings[name] as Section | undefined
    const whole: Settings = {
      access: { adminGroup: 'modelops-admins' },
      projects: { source: 'static', list: KIT_PROJECTS },
      ...settings,
      server: {
        listen: `127.0.0.1:${port}`,
        publicUrl: url,
        adminListen: `127.0.0.1:${adminPort}`,
        drainSeconds: 0,
        ...over('server'),
      },
      issuer: { url: issuerUrl, clientId: GATEWAY_CLIENT.id, clientSecret: GATEWAY_CLIENT.secret, ...over('issuer') },
      session: { secrets: [KIT_SECRET], ...over('session') },
    }
    await writeFile(file, JSON.stringify(whole))
    const served = new Served(file, url, `http://127.0.0.1:${adminPort}`)
    served.settings = whole
    await served.until((output) => output.includes('ready at'))
    return served
  }

  /** What the file says. */
  settings: Settings = {}

  /** Waits until what was printed satisfies `test`. @throws Error when the process ends before it does */
  async until(test: (output: string) => boolean): Promise<void> {
    while (!test(this.output)) {
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`the gateway ended after: ${this.output}`)
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }

  /**
   * Waits until the log lines of all requests that have ended are printed. A line is written a moment after its response, and
   * the lines of one process are in order.
   */
  async printed(): Promise<void> {
    const last = await fetch(`${this.url}/no-such-route`, { headers: { accept: 'application/json' } })
    const { request_id } = (await last.json()) as { request_id: string }
    await this.until(() => this.logged('refused').some((line) => line.request_id === request_id))
  }

  /** Log lines of an event, oldest first. */
  logged(event: string): Record<string, unknown>[] {
    return this.output
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line.event === event)
  }

  /** Writes the file anew, sends SIGHUP and waits for the word on it. Resolves to that log line. */
  async reload(settings: Settings | string): Promise<Record<string, unknown>> {
    await writeFile(this.file, typeof settings === 'string' ? settings : JSON.stringify(settings))
    const said = () => [...this.logged('config-reloaded'), ...this.logged('config-refused')].length
    const before = said()
    this.child.kill('SIGHUP')
    await this.until(() => said() > before)
    return this.logged('config-reloaded').concat(this.logged('config-refused')).sort(byTime).at(-1) ?? {}
  }

  /** The sum of a metric's samples whose labels match, as the admin listener tells it now. */
  async metric(name: string, labels = ''): Promise<number> {
    const text = await (await fetch(`${this.adminUrl}/metrics`)).text()
    return text
      .split('\n')
      .filter((line) => (line.startsWith(`${name}{`) || line.startsWith(`${name} `)) && line.includes(labels))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
  }

  /** SIGTERM; resolves to the exit code. */
  async stop(): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode
    this.child.kill('SIGTERM')
    const [code] = (await once(this.child, 'exit')) as [number | null]
    return code
  }
}

const byTime = (a: Record<string, unknown>, b: Record<string, unknown>) => String(a.time).localeCompare(String(b.time))
