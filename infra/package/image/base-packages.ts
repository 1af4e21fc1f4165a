import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkout, partsDirectory } from '../../parts/directories.ts'
import { PartMissing, type Progress } from '../../parts/progress.ts'
import { run } from '../../parts/run.ts'
import { sha256Of } from '../digest.ts'

/** Architectures of the image, as Debian and OCI name them. */
export const ARCHITECTURES = ['amd64', 'arm64'] as const
export type Architecture = (typeof ARCHITECTURES)[number]

/** A package of the image's base. */
export interface BasePackage {
  readonly name: string
  readonly version: string
  /** Hexadecimal SHA-256 of the package file of each architecture. */
  readonly sha256: Readonly<Record<Architecture, string>>
}

/** The Debian packages that Node needs, and nothing else: no shell and no package manager. */
export interface Base {
  /** Debian's release. */
  readonly suite: string
  readonly packages: readonly BasePackage[]
}

const LOCK = join(import.meta.dirname, 'debian.json')

/** The base that the repository pins. */
export const pinnedBase = (): Base => JSON.parse(readFileSync(LOCK, 'utf8')) as Base

/** Pins a base in the repository. Resolves to the packages whose version changed. */
export function pinBase(base: Base): readonly BasePackage[] {
  const before = new Map(pinnedBase().packages.map(({ name, version }) => [name, version]))
  writeFileSync(LOCK, `${JSON.stringify(base, null, 2)}\n`)
  return base.packages.filter(({ name, version }) => before.get(name) !== version)
}

/** The same packages in the versions that Debian has today, with its security updates. @throws PartMissing */
export async function currentBase(progress: Progress): Promise<Base> {
  const { suite, packages } = pinnedBase()
  const found = new Map<string, Found>()
  for (const architecture of ARCHITECTURES) {
    const apt = await updatedApt(suite, architecture, progress)
    const uris: string[] = []
    const onLine = (line: string) => void uris.push(line)
    const names = packages.map(({ name }) => name)
    const { ok, tail } = await run('apt-get', ['download', '--print-uris', ...names], { env: apt, onLine })
    if (!ok) throw new PartMissing(`Debian ${suite} does not have every package of the base.\n${tail}`)
    for (const uri of uris) {
      const [, name, version, sha256] = /^'\S+' (\S+?)_(\S+)_\S+\.deb \d+ SHA256:([0-9a-f]{64})$/.exec(uri) ?? []
      if (!name || !version || !sha256) continue
      const before = found.get(name)
      found.set(name, { version: decodeURIComponent(version), sha256: { ...before?.sha256, [architecture]: sha256 } })
    }
  }
  return { suite, packages: packages.map(({ name }) => complete(name, found.get(name))) }
}

type Found = { readonly version: string; readonly sha256: Partial<Record<Architecture, string>> }

function complete(name: string, found: Found | undefined): BasePackage {
  const { amd64, arm64 } = found?.sha256 ?? {}
  if (!found || !amd64 || !arm64)
    throw new PartMissing(`Debian has no version and digest of ${name} for both architectures.`)
  return { name, version: found.version, sha256: { amd64, arm64 } }
}

/**
 * Downloads the packages of one architecture, each by its digest. Resolves to their files.
 * @throws PartMissing if one is no longer in Debian's archive, which keeps only the newest versions
 */
export async function basePackageFiles(base: Base, architecture: Architecture, progress: Progress) {
  const folder = partsDirectory('image', 'debian')
  const files = new Map<BasePackage, string>()
  let apt: Record<string, string> | undefined
  for (const each of base.packages) {
    const file = join(folder, `${each.sha256[architecture]}.deb`)
    if (!existsSync(file)) {
      apt ??= await updatedApt(base.suite, architecture, progress)
      await download(each, { architecture, file, apt })
    }
    files.set(each, file)
  }
  return files
}

interface Download {
  readonly architecture: Architecture
  readonly file: string
  /** Environment of apt. */
  readonly apt: Record<string, string>
}

async function download({ name, version, sha256 }: BasePackage, { architecture, file, apt }: Download): Promise<void> {
  const folder = `${file}.download`
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  let path: string | undefined
  const onLine = (line: string) => {
    path = /^'\S+' (\S+\.deb) \d+ /.exec(line)?.[1] ?? path
  }
  const wanted = `${name}=${version}`
  await run('apt-get', ['download', '--print-uris', wanted], { env: apt, onLine })
  const { ok, tail } = await run('apt-get', ['download', '-q', wanted], { env: apt, cwd: folder })
  if (!ok || !path)
    throw new PartMissing(
      `${name} ${version} (${architecture}) of the image's base cannot be downloaded. Debian's archive keeps the newest ` +
        `versions only: if there is a newer one, run npm run package -- --update-base, and commit the change.\n${tail}`,
    )
  const received = await sha256Of(join(folder, path))
  if (received !== sha256[architecture])
    throw new PartMissing(
      `${name} ${version} (${architecture}): expected the SHA-256 ${sha256[architecture]} of ${LOCK.slice(checkout.length + 1)}, ` +
        `received ${received}. The file was changed after it was pinned: do not use it.`,
    )
  renameSync(join(folder, path), file)
  rmSync(folder, { recursive: true })
}

/** Lists of a Debian release for one architecture, beside those of the machine. Resolves to the environment of apt. */
async function updatedApt(suite: string, architecture: Architecture, progress: Progress) {
  const folder = partsDirectory('image', `apt-${suite}-${architecture}`)
  for (const name of ['state/lists/partial', 'cache/archives/partial'])
    mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, 'status'), '')
  writeFileSync(join(folder, 'sources.list'), await sources(suite))
  writeFileSync(join(folder, 'apt.conf'), SETTINGS(folder, architecture))
  const env = { APT_CONFIG: join(folder, 'apt.conf') }
  progress(`image: reading the packages of Debian ${suite} for ${architecture}`)
  const { ok, tail } = await run('apt-get', ['update', '-q', '--error-on=any'], { env })
  if (!ok) throw new PartMissing(`The packages of Debian ${suite} cannot be read.\n${tail}`)
  return env
}

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** The release and its security updates, from where this machine has its own Debian packages. */
async function sources(suite: string): Promise<string> {
  let archives = await archivesOfMachine()
  if (archives.size < 2 && (await run('apt-get', ['update', '-q'])).ok) archives = await archivesOfMachine()
  const main = archives.get('Debian')
  const security = archives.get('Debian-Security')
  if (!main || !security || !existsSync(KEYRING))
    throw new PartMissing(
      'The image is made of Debian packages. It needs a machine with Debian, where `apt-get update` has run for its archive and ' +
        'its security updates. Leave it out with npm run package -- --only npm --only python --only chart.',
    )
  const line = (uri: string, name: string) => `deb [signed-by=${KEYRING}] ${uri} ${name} main\n`
  return line(main, suite) + line(security, `${suite}-security`)
}

/** Addresses by label. A machine that has read no lists does not know the labels. */
async function archivesOfMachine(): Promise<Map<string, string>> {
  const archives = new Map<string, string>()
  const onLine = (line: string) => {
    const [, uri, label] = /^(\S+) Debian (Debian|Debian-Security)$/.exec(line) ?? []
    if (uri && label) archives.set(label, uri)
  }
  const format = '$(REPO_URI) $(ORIGIN) $(LABEL)'
  await run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], { onLine })
  return archives
}

/** Nothing of the machine's own settings, packages and lists is used, so that no root is needed. */
const SETTINGS = (folder: string, architecture: Architecture) => `
Dir::State "${folder}/state";
Dir::State::status "${folder}/status";
Dir::Cache "${folder}/cache";
Dir::Etc::sourcelist "${folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
APT::Architecture "${architecture}";
APT::Architectures "${architecture}";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "3";
`
