import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GATEWAY_CLIENT } from '../../../infra/issuer/clients.ts'
import { type Background, startBackground } from '../../../infra/parts/background.ts'
import { freePort } from '../../../infra/parts/ports.ts'
import { bundledProgram } from '../../cli/bundled.ts'
import { KIT_PROJECTS, KIT_SECRET } from '../../kit.ts'

type Section = Readonly<Record<string, unknown>>

/** Sections of a configuration, merged over the usual ones; lists and the source of projects replace them. */
export interface Change {
  readonly [section: string]: Section | readonly Section[]
}

export interface Placed {
  readonly folder: string
  readonly name: string
  readonly issuerUrl: string
  /** Kills the process at the end. */
  readonly parts: AsyncDisposableStack
}

/** One gateway of its own, with a metrics listener. */
export class GatewayProcess {
  readonly url: string
  /** Address that Prometheus scrapes. */
  readonly target: string
  readonly #file: string
  readonly #name: string
  #config: Record<string, Section | readonly Section[]>
  #running: Background | undefined

  private constructor(folder: string, name: string, port: number, adminPort: number, issuerUrl: string) {
    this.url = `http://127.0.0.1:${port}`
    this.target = `127.0.0.1:${adminPort}`
    this.#name = name
    this.#file = join(folder, `${name}.yaml`)
    this.#config = {
      server: { listen: `127.0.0.1:${port}`, adminListen: this.target, publicUrl: this.url, drainSeconds: 0 },
      issuer: {
        url: issuerUrl,
        clientId: GATEWAY_CLIENT.id,
        clientSecret: GATEWAY_CLIENT.secret,
        audiences: ['gateway'],
        probeSeconds: 1,
      },
      session: { secrets: [KIT_SECRET] },
      access: { adminGroup: 'modelops-admins' },
      projects: { source: 'static', list: KIT_PROJECTS },
    }
  }

  /** Starts a process and waits until it serves. */
  static async start({ folder, name, issuerUrl, parts }: Placed, change: Change): Promise<GatewayProcess> {
    const made = new GatewayProcess(folder, name, await freePort(), await freePort(), issuerUrl)
    parts.defer(() => made.kill())
    made.write(change)
    await made.start()
    return made
  }

  get pid(): number {
    if (this.#running === undefined) throw new Error(`${this.#name} does not run`)
    return this.#running.pid
  }

  async start(): Promise<void> {
    const [command = '', ...args] = await bundledProgram()
    this.#running = await startBackground({
      name: this.#name,
      command,
      args: [...args, 'serve', '--config', this.#file],
      logFile: `${this.#file}.log`,
      readyUrl: `${this.url}/healthz`,
      readySeconds: 60,
    })
  }

  /** Writes the configuration file with this change. The process does not read it yet. */
  write(change: Change): void {
    for (const [name, section] of Object.entries(change)) {
      const usual = this.#config[name]
      this.#config[name] =
        Array.isArray(section) || name === 'projects' || usual === undefined ? section : { ...usual, ...section }
    }
    writeFileSync(this.#file, JSON.stringify(this.#config))
  }

  /** Replaces the file by a text, whatever it contains. */
  spoil(text: string): void {
    writeFileSync(this.#file, text)
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name)
  }

  /** Kills the process like a crash, with its workers. */
  async kill(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    if (running === undefined) return
    process.kill(-running.pid, 'SIGKILL')
    await running.stopped
    await running.close()
  }
}
