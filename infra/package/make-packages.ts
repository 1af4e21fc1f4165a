import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Progress } from '../parts/progress.ts'
import { CHART_FILE, packChart } from './chart.ts'
import { writeChecksums } from './checksums.ts'
import { packCommandLine, TARBALL } from './command-line.ts'
import type { Base } from './image/base-packages.ts'
import { IMAGE_FILE, makeImage } from './image/image.ts'
import { writeProvenance } from './provenance.ts'
import { buildPythonPackage, CLIENT_PACKAGE, PYTHON_PACKAGES, sdistName, wheelName } from './python-packages.ts'
import { writeBill } from './sbom/bill.ts'
import { billOfChart } from './sbom/chart.ts'
import { billOfImage } from './sbom/image.ts'
import { billOfNpm } from './sbom/npm.ts'
import { billOfPython } from './sbom/python.ts'
import type { Source } from './source.ts'

/** What can be made by itself. The npm package contains a Python package, and the image contains the npm package. */
export const KINDS = ['python', 'npm', 'chart', 'image'] as const
export type Kind = (typeof KINDS)[number]

export interface MakeOptions {
  readonly kinds: readonly Kind[]
  readonly source: Source
  /** The Debian packages in the image. */
  readonly base: Base
  /** URI for the provenance. */
  readonly builder: string
  readonly progress: Progress
}

/**
 * Makes all packages, a bill of materials of each, their provenance and their checksums. The same sources and the same date
 * give the same bytes.
 * @param output An empty folder.
 * @throws PartMissing
 */
export async function makePackages(output: string, options: MakeOptions): Promise<void> {
  const { kinds, source, base, builder, progress } = options
  process.umask(0o022) // of whoever makes them: it would change the bytes
  await chmod(output, 0o755) // the folder of mkdtemp is readable by its owner alone
  const image = kinds.includes('image')
  const npm = image || kinds.includes('npm')
  if (npm || kinds.includes('python')) await makePython(output, options)
  if (npm) await makeNpm(output, options)
  if (kinds.includes('chart')) {
    await packChart(output, source.date, progress)
    await writeBill(join(output, CHART_FILE), billOfChart(), source.date)
  }
  await writeProvenance(output, { source, base: image ? base : undefined, builder })
  await writeChecksums(output)
}

async function makePython(output: string, { source: { date }, progress }: MakeOptions): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'bills-'))
  try {
    for (const each of PYTHON_PACKAGES) {
      await buildPythonPackage(each, { output, date, progress })
      progress(`${each.name}: writing the bills of materials`)
      const bill = await billOfPython(each, join(output, wheelName(each)), scratch)
      for (const file of [wheelName(each), sdistName(each)]) await writeBill(join(output, file), bill, date)
    }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** The npm package, and the image of it. */
async function makeNpm(output: string, { kinds, source, base, progress }: MakeOptions): Promise<void> {
  // The gateway serves the client to its users.
  const clients = [join(output, wheelName(CLIENT_PACKAGE))]
  const bundled = await packCommandLine({ output, clients, progress })
  progress('modelops-gateway: writing the bill of materials')
  const bill = await billOfNpm(bundled)
  await writeBill(join(output, TARBALL), bill, source.date)
  if (!kinds.includes('image')) return
  const { date, commit } = source
  await makeImage({ output, tarball: join(output, TARBALL), base, date, revision: commit, progress })
  await writeBill(join(output, IMAGE_FILE), await billOfImage(base, bill, progress), date)
}
