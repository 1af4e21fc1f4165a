import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureDebian, hasCommand } from '../../infra/parts/debian.ts'
import { partsDirectory } from '../../infra/parts/directories.ts'
import { PartMissing } from '../../infra/parts/progress.ts'
import { run } from '../../infra/parts/run.ts'

export const OAUTH2_PROXY = 'v7.15.3'
const MODULE = 'github.com/oauth2-proxy/oauth2-proxy/v7'

/** nginx, Caddy and wrk from Debian. */
export async function ensurePrograms(): Promise<void> {
  await ensureDebian([
    { command: 'nginx', debianPackage: 'nginx-light' },
    { command: 'caddy', debianPackage: 'caddy' },
    { command: 'wrk', debianPackage: 'wrk' },
    { command: 'curl', debianPackage: 'curl' },
  ])
}

/** Built from its source. @returns the path of the binary @throws PartMissing */
export async function ensureOauth2Proxy(): Promise<string> {
  const directory = partsDirectory('go')
  const binary = join(directory, 'bin', `oauth2-proxy-${OAUTH2_PROXY}`)
  if (existsSync(binary)) return binary
  if (!hasCommand('go'))
    throw new PartMissing('Missing on this machine: go. Install Go 1.25 or newer to build oauth2-proxy.')
  // A module of our own that requires it: `go install` would also ask for versions that a module proxy may not list.
  await writeFile(join(directory, 'go.mod'), `module bench\n\ngo 1.25\n\nrequire ${MODULE} ${OAUTH2_PROXY}\n`)
  const built = await run('go', ['build', '-mod=mod', '-o', binary, MODULE], { cwd: directory })
  if (!built.ok) throw new PartMissing(`oauth2-proxy could not be built.\n${built.tail}`)
  return binary
}
