import { chmod, cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureDebian } from '../../parts/debian.ts'
import type { Progress } from '../../parts/progress.ts'
import { must } from '../../parts/run-or-throw.ts'
import { VERSION } from '../python-packages.ts'
import { pack } from '../tar.ts'
import { ARCHITECTURES, type Base, basePackageFiles } from './base-packages.ts'
import { unpackBase } from './base-root.ts'
import { ensureNodeBinary } from './node-binary.ts'

/** An OCI archive: an image layout, with an index of one image for each architecture, as a tar file. */
export const IMAGE_FILE = `modelops-gateway-${VERSION}.oci.tar`
/** Name of the image in the archive. */
export const IMAGE_NAME = `modelops-gateway:${VERSION}`

export interface ImageOptions {
  readonly output: string
  /** The npm package that runs in the image. */
  readonly tarball: string
  readonly base: Base
  /** Of every file, in seconds since 1970. */
  readonly date: number
  /** The commit of the sources, if it is known. */
  readonly revision: string | undefined
  readonly progress: Progress
}

/**
 * Makes the image for both architectures with buildah, without root and without running anything of it. The same base,
 * package and date give the same bytes.
 * @see https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 * @throws PartMissing
 */
export async function makeImage(options: ImageOptions): Promise<void> {
  const { output, date, progress } = options
  process.umask(0o022) // or the user of the image cannot read what is made here
  await ensureDebian([{ command: 'buildah', debianPackage: 'buildah' }], progress)
  const stage = await mkdtemp(join(tmpdir(), 'image-'))
  try {
    await copyFiles(join(stage, 'files'), options)
    await cp(join(import.meta.dirname, 'Containerfile'), join(stage, 'Containerfile'))
    progress('image: building for amd64 and arm64')
    await build(stage, options)
    await pack(join(output, IMAGE_FILE), { folder: join(stage, 'layout'), names: ['.'], date })
  } finally {
    // Without root, files in its storage belong to other users, and only buildah can remove them.
    await buildah(stage, 'rmi', '--all', '--force').catch(() => {})
    await rm(stage, { recursive: true, force: true })
  }
}

async function copyFiles(files: string, { tarball, base, progress }: ImageOptions): Promise<void> {
  for (const architecture of ARCHITECTURES) {
    const packages = await basePackageFiles(base, architecture, progress)
    const node = await ensureNodeBinary(architecture, progress)
    const root = join(files, architecture)
    await mkdir(root, { recursive: true })
    await unpackBase(new Map([...packages].map(([{ name }, file]) => [name, file])), root)
    await mkdir(join(root, 'usr', 'local', 'bin'), { recursive: true })
    await cp(join(node.folder, 'bin', 'node'), join(root, 'usr', 'local', 'bin', 'node'))
    await mkdir(join(root, 'usr', 'share', 'doc', 'node'))
    await cp(join(node.folder, 'LICENSE'), join(root, 'usr', 'share', 'doc', 'node', 'copyright'))
  }
  const app = join(files, 'app')
  await mkdir(app)
  await must('tar', ['-xzf', tarball, '-C', app, '--strip-components=1', '--no-same-owner'])
  // Whatever the umask: the user of the image reads everything, and writes nothing.
  await must('chmod', ['-R', 'u=rwX,go=rX', app])
  await chmod(files, 0o755)
}

async function build(stage: string, { date, revision }: ImageOptions): Promise<void> {
  const labels = {
    title: 'modelops-gateway',
    version: VERSION,
    licenses: 'Apache-2.0',
    ...(revision ? { revision } : {}),
  }
  const labelled = Object.entries(labels).flatMap(([name, value]) => [
    '--label',
    `org.opencontainers.image.${name}=${value}`,
  ])
  // The identity label names buildah's version, and layers make the base one that later versions can share.
  const same = ['--timestamp', String(date), '--identity-label=false', '--layers', '--isolation', 'chroot']
  // One after the other: built at the same time, both would differ from build to build in their order and their history.
  for (const architecture of ARCHITECTURES) {
    const what = ['--platform', `linux/${architecture}`, '--manifest', IMAGE_NAME]
    const from = ['--file', join(stage, 'Containerfile'), join(stage, 'files')]
    await buildah(stage, 'build', '--quiet', ...same, ...labelled, ...what, ...from)
  }
  const layout = `oci:${join(stage, 'layout')}:${IMAGE_NAME}`
  await buildah(stage, 'manifest', 'push', '--all', '--quiet', IMAGE_NAME, layout)
}

function buildah(stage: string, ...args: string[]): Promise<void> {
  const storage = ['--root', join(stage, 'storage'), '--runroot', join(stage, 'run'), '--storage-driver', 'vfs']
  return must('buildah', [...storage, ...args])
}
