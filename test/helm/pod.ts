import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from '../../infra/parts/directories.ts'
import { at, type Manifests } from './chart.ts'

/** A rendered pod as a local process: does the work of the kubelet, in a folder instead of a root file system. */

interface Volume {
  readonly name: string
  readonly projected?: { readonly sources: readonly { readonly configMap: { readonly name: string } }[] }
  readonly secret?: { readonly secretName: string }
}
interface Container {
  readonly args: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
}
type Files = Readonly<Record<string, string>>

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Running {
  readonly child: ChildProcess
  /** Both streams so far. */
  readonly output: () => string
  readonly ended: Promise<Ended>
}

export class Pod {
  readonly container: Container
  readonly #folder: string
  readonly #volumes: readonly Volume[]
  #version = 0

  /** @param spec The pod spec: of a Pod, or of the template of a Deployment. */
  constructor(spec: unknown, folder: string) {
    this.#folder = folder
    this.#volumes = at(spec, 'volumes') as readonly Volume[]
    this.container = at(spec, 'containers.0') as Container
  }

  /** Writes the contents of the volumes, again after the ConfigMaps have changed. */
  mount(manifests: Manifests): void {
    this.#version += 1
    for (const { name, mountPath } of this.container.volumeMounts) {
      const volume = this.#volumes.find((each) => each.name === name)
      if (volume === undefined) throw new Error(`no volume ${name}`)
      this.#swap(join(this.#folder, mountPath), filesOf(volume, manifests))
    }
  }

  /** As the kubelet does: a new folder, and one rename of the link that all files go through. */
  #swap(folder: string, files: Files): void {
    const version = `..v${this.#version}`
    mkdirSync(join(folder, version), { recursive: true })
    for (const [name, text] of Object.entries(files))
      writeFileSync(join(folder, version, name), this.#onThisMachine(text))
    symlinkSync(version, join(folder, '..new'))
    renameSync(join(folder, '..new'), join(folder, '..data'))
    if (this.#version > 1) return
    for (const name of Object.keys(files)) symlinkSync(join('..data', name), join(folder, name))
  }

  /** Mounts are below the folder, and the pod's network is loopback. */
  #onThisMachine(text: string): string {
    const mounts = this.container.volumeMounts.map(({ mountPath }) => mountPath)
    const mapped = mounts.reduce((all, path) => all.replaceAll(path, join(this.#folder, path)), text)
    return mapped.replaceAll('0.0.0.0:', '127.0.0.1:')
  }

  /**
   * Starts the container: the ENTRYPOINT of the Dockerfile (from the sources instead of the build), the rendered arguments
   * and variables, and nothing else of this process's environment. Node may write no file at all, which is stricter than
   * a read-only root file system.
   */
  start(args: readonly string[] = this.container.args): Running {
    const [program, ...entry] = entrypoint()
    if (program !== 'node') throw new Error(`the image starts ${program}`)
    // The entry only checks the version of Node and loads the build, which a checkout need not have.
    const main = entry.map((each) => each.replace(/^bin\/modelops-gateway\.cjs$/, 'src/cli/main.ts'))
    const readOnly = ['--permission', '--allow-fs-read=*']
    const child = spawn(process.execPath, [...readOnly, ...main, ...args.map((each) => this.#onThisMachine(each))], {
      cwd: checkout,
      env: { NODE_ENV: 'production', ...this.#variables() },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += String(bytes)))
    const ended = once(child, 'close').then(([code, signal]): Ended => ({ code, signal }))
    return { child, output: () => output, ended }
  }

  #variables(): Record<string, string> {
    const variables = this.container.env ?? []
    return Object.fromEntries(variables.map(({ name, value = '' }) => [name, this.#onThisMachine(value)]))
  }

  /** Port of the container by its name, as a probe or a Service names it. */
  port(name: string): number {
    const found = this.container.ports?.find((each) => each.name === name)
    if (found === undefined) throw new Error(`no port ${name}`)
    return found.containerPort
  }
}

const entrypoint = (): string[] =>
  JSON.parse(/^ENTRYPOINT (.+)$/m.exec(readFileSync(join(checkout, 'Dockerfile'), 'utf8'))?.[1] ?? '[]')

function filesOf({ projected, secret }: Volume, manifests: Manifests): Files {
  if (secret) {
    const data = Object.entries(manifests.one('Secret', secret.secretName).data ?? {})
    return Object.fromEntries(data.map(([name, value]) => [name, Buffer.from(value, 'base64').toString()]))
  }
  const maps = (projected?.sources ?? []).map(({ configMap }) => manifests.one('ConfigMap', configMap.name).data ?? {})
  return Object.assign({}, ...maps)
}
