import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../infra/parts/run.ts'

/** Runs a command that must succeed. Resolves to the end of its output. @throws Error with it */
export async function must(command: string, args: readonly string[], options: Parameters<typeof run>[2] = {}) {
  const { ok, tail } = await run(command, args, options)
  if (!ok) throw new Error(`${[command, ...args].join(' ')} failed\n${tail}`)
  return tail
}

/** Installs the npm package in an empty folder, without a registry. Resolves to the path of the command. */
export async function installGateway(tarball: string, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true })
  const options = ['--offline', '--cache', join(folder, 'empty-cache'), '--no-audit', '--no-fund', '--silent']
  await must('npm', ['install', ...options, tarball], { cwd: folder })
  return join(folder, 'node_modules', '.bin', 'modelops-gateway')
}

export interface Venv {
  readonly python: string
  /** Installs files or addresses with pip, which may use no package index: what they need must be there. */
  pip(...what: readonly string[]): Promise<string>
}

/** A new virtual environment that can import the packages of another one and has none of its own. */
export async function freshVenv(folder: string, packagesOf: string): Promise<Venv> {
  await must(join(packagesOf, 'bin', 'python'), ['-m', 'venv', folder])
  const sitePackages = (venv: string) => {
    const [version = ''] = readdirSync(join(venv, 'lib'))
    return join(venv, 'lib', version, 'site-packages')
  }
  writeFileSync(join(sitePackages(folder), 'parts.pth'), sitePackages(packagesOf))
  const python = join(folder, 'bin', 'python')
  const options = ['--no-index', '--no-input', '--disable-pip-version-check', '--progress-bar', 'off', '--no-cache-dir']
  return { python, pip: (...what) => must(python, ['-m', 'pip', 'install', ...options, ...what]) }
}
