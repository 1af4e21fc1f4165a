import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkout } from '../parts/directories.ts'
import { sha256Of } from './digest.ts'
import { ARCHITECTURES, type Base } from './image/base-packages.ts'
import { VERSION } from './python-packages.ts'
import type { Source } from './source.ts'

export const PROVENANCE = `modelops-gateway-${VERSION}.intoto.json`

/** Files of the repository that pin everything the build downloads. */
const LOCKS = [
  'package-lock.json',
  'infra/package/requirements.txt',
  'infra/package/sbom/requirements.txt',
  'infra/package/image/debian.json',
]

/** A build on a machine that nobody vouches for. */
export const LOCAL_BUILDER = 'urn:modelops-gateway:builder:local'

export interface ProvenanceOptions {
  readonly source: Source
  /** The Debian packages in the image, if one was made. */
  readonly base: Base | undefined
  /** URI of the service that runs the build, and that its users trust. */
  readonly builder: string
}

/**
 * Says of all files in a folder from which commit and which downloads they were made. It names no time and no machine, so
 * that a second build gives the same bytes.
 * @see https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
 * @see https://slsa.dev/spec/v1.1/provenance
 */
export async function writeProvenance(folder: string, { source, base, builder }: ProvenanceOptions): Promise<void> {
  const names = (await readdir(folder)).sort()
  const subject = await Promise.all(names.map((name) => resource(name, join(folder, name))))
  const locks = await Promise.all(LOCKS.map((name) => resource(name, join(checkout, name))))
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject,
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'urn:modelops-gateway:build:npm-run-package:1',
        externalParameters: { version: VERSION, uncommittedChanges: source.changed },
        internalParameters: { SOURCE_DATE_EPOCH: source.date },
        resolvedDependencies: [...commitOf(source), ...locks, ...debianPackages(base)],
      },
      runDetails: { builder: { id: builder } },
    },
  }
  await writeFile(join(folder, PROVENANCE), `${JSON.stringify(statement, null, 2)}\n`)
}

const resource = async (name: string, path: string) => ({ name, digest: { sha256: await sha256Of(path) } })

const commitOf = ({ commit }: Source) => (commit ? [{ name: 'modelops-gateway', digest: { gitCommit: commit } }] : [])

const debianPackages = (base: Base | undefined) =>
  (base?.packages ?? []).flatMap(({ name, version, sha256 }) =>
    ARCHITECTURES.map((architecture) => ({
      name: `${name}_${version}_${architecture}.deb`,
      digest: { sha256: sha256[architecture] },
    })),
  )
