import { copyFileSync, cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { partsDirectory } from '../../infra/parts/directories.ts'
import { ensureKeycloak } from '../../infra/parts/keycloak.ts'
import { PartMissing, type Progress } from '../../infra/parts/progress.ts'
import { run } from '../../infra/parts/run.ts'
import type { Engine } from './engine.ts'

/**
 * Stand-ins for the base images that docker-compose.yml and the Dockerfiles name, under the same names, for machines
 * without access to an image registry. They consist of Debian packages and pinned parts, and are only for these tests.
 */

const DEBIAN = 'docker.io/library/debian:bookworm-slim'
const NPM_VERSION = '11.21.2'

const BASES: readonly { image: string; folder: string; context?: (progress: Progress) => Promise<string> }[] = [
  { image: 'docker.io/library/redis:7', folder: 'redis' },
  { image: 'docker.io/library/caddy:2', folder: 'caddy' },
  { image: 'docker.io/library/postgres:15', folder: 'postgres' },
  { image: 'docker.io/library/python:3.11-slim', folder: 'python' },
  { image: 'docker.io/library/node:24-slim', folder: 'node', context: nodeContext },
  { image: 'quay.io/keycloak/keycloak:26.7.3', folder: 'keycloak', context: keycloakContext },
]

/** Builds the missing ones. @throws PartMissing */
export async function ensureBases(engine: Engine, progress: Progress): Promise<void> {
  await ensureDebianImage(engine, progress)
  for (const { image, folder, context } of BASES) {
    if (await hasImage(engine, image)) continue
    progress(`compose: making a stand-in for ${image} (once)`)
    const files = join(import.meta.dirname, 'bases', folder)
    await build(engine, image, join(files, 'Containerfile'), context ? await context(progress) : files)
  }
}

const build = (engine: Engine, image: string, file: string, context: string) =>
  engine.podman('build', ...BUILD_OPTIONS, '-q', '-t', image, '-f', file, context)

/** Builds use the machine's network and trust the same certificate authorities. */
export const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt'
export const BUILD_OPTIONS = ['--network=host', `--volume=${AUTHORITIES}:${AUTHORITIES}:ro`]

const hasImage = (engine: Engine, image: string) =>
  engine.podman('image', 'exists', image).then(
    () => true,
    () => false,
  )

async function ensureDebianImage(engine: Engine, progress: Progress): Promise<void> {
  if (await hasImage(engine, DEBIAN)) return
  progress('compose: making a Debian root (once)')
  const folder = join(partsDirectory('podman'), 'debian')
  rmSync(folder, { recursive: true, force: true })
  const options = ['--variant=minbase', '--include=ca-certificates', 'bookworm', folder]
  const made = await run('debootstrap', options)
  if (!made.ok) throw new PartMissing(`debootstrap could not make a Debian root.\n${made.tail}`)
  const archive = `${folder}.tar`
  const left = ['./dev/*', './proc/*', './sys/*', './var/cache/apt/archives/*.deb'].map((each) => `--exclude=${each}`)
  const packed = await run('tar', ['-C', folder, ...left, '-cf', archive, '.'])
  if (!packed.ok) throw new PartMissing(`tar could not pack a Debian root.\n${packed.tail}`)
  await engine.podman('import', '-q', archive, DEBIAN)
  rmSync(folder, { recursive: true, force: true })
  rmSync(archive)
}

async function nodeContext(): Promise<string> {
  const folder = freshContext('node')
  const npm = await run('npm', ['install', '--no-save', '--prefix', folder, `npm@${NPM_VERSION}`])
  if (!npm.ok) throw new PartMissing(`npm could not install npm ${NPM_VERSION}.\n${npm.tail}`)
  copyFileSync(process.execPath, join(folder, 'node'))
  return folder
}

async function keycloakContext(progress: Progress): Promise<string> {
  const folder = freshContext('keycloak')
  cpSync(await ensureKeycloak(progress), join(folder, 'keycloak'), { recursive: true })
  return folder
}

function freshContext(name: string): string {
  const folder = join(partsDirectory('podman', 'contexts'), name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  return folder
}
