import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { bundledProgram } from './bundled.ts'

export const PROGRAM = await bundledProgram()

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

export interface Running {
  /** The first address that a line on stderr ends with. */
  address: Promise<string>
  ended: Promise<Ended>
}

/** The real command line in a process of its own, with a home of its own. */
export class CommandLine {
  readonly #home: string
  readonly #program: readonly string[]
  readonly #children: ChildProcess[] = []

  /** @param program What is started. Default: the program of this checkout. */
  constructor(home: string, program: readonly string[] = PROGRAM) {
    this.#home = home
    this.#program = program
  }

  start(...args: string[]): Running {
    const { MODELOPS_GATEWAY: _, ...env } = process.env
    const [command = '', ...before] = this.#program
    const child = spawn(command, [...before, ...args], {
      env: { ...env, HOME: this.#home, XDG_CONFIG_HOME: this.#home },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#children.push(child)
    let stdout = ''
    let stderr = ''
    const address = Promise.withResolvers<string>()
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    createInterface({ input: child.stderr }).on('line', (line) => {
      stderr += `${line}\n`
      const found = / (https?:\/\/\S+)$/.exec(line)?.[1]
      if (found !== undefined) address.resolve(found)
    })
    const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })))
    ended.then(() => address.reject(new Error(`no address was shown: ${stderr}`)))
    address.promise.catch(() => {}) // only who waits for it hears that there was none
    return { address: address.promise, ended }
  }

  run(...args: string[]): Promise<Ended> {
    return this.start(...args).ended
  }

  /** Ends what still waits, for instance for a browser that a failed test never opened. */
  kill(): void {
    for (const child of this.#children) child.kill('SIGKILL')
  }
}
