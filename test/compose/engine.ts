import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { checkout } from '../../infra/parts/directories.ts'
import type { Podman } from '../../infra/parts/podman.ts'

const call = promisify(execFile)

/** A command that exited with a code other than 0. The message contains the end of its output. */
export class CommandFailed extends Error {}

/** Runs a program of the engine. Resolves to its output. @throws CommandFailed */
export async function capture(command: string, args: readonly string[], env: Record<string, string>): Promise<string> {
  try {
    const { stdout } = await call(command, args, {
      cwd: checkout,
      env: { ...process.env, ...env },
      maxBuffer: 64 * 1024 * 1024,
      timeout: 600_000,
    })
    return stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    const tail = `${stdout}\n${stderr}`.trim().split('\n').slice(-25).join('\n')
    throw new CommandFailed(`${command} ${args.slice(0, 6).join(' ')} failed:\n${tail}`)
  }
}

/** docker-compose.yml under one project name, with podman. */
export class Engine {
  readonly project = 'modelops'
  readonly #podman: Podman
  readonly #env: Record<string, string>

  /** @param variables The contents of `.env` */
  constructor(podman: Podman, variables: Record<string, string>) {
    this.#podman = podman
    this.#env = { ...podman.env, ...variables }
  }

  podman(...args: string[]): Promise<string> {
    return capture('podman', args, this.#env)
  }

  compose(...args: string[]): Promise<string> {
    const file = [
      '--file',
      join(checkout, 'docker-compose.yml'),
      '--env-file',
      join(checkout, 'infra/compose/demo.env'),
    ]
    const project = ['--project-name', this.project, '--profile', 'demo', '--in-pod', 'false']
    return capture(this.#podman.compose, [...file, ...project, ...args], this.#env)
  }

  /** The output of a service's container, both streams. */
  async log(service: string, lines = 10_000): Promise<string> {
    const command = 'exec podman logs --tail "$0" "$1" 2>&1'
    return await capture('sh', ['-c', command, String(lines), this.container(service)], this.#env)
  }

  /** Name of a service's container. */
  container = (service: string) => `${this.project}_${service}_1`

  /** Runs a command in a service's container. @throws CommandFailed */
  inside(service: string, ...command: string[]): Promise<string> {
    return this.podman('exec', this.container(service), ...command)
  }
}
