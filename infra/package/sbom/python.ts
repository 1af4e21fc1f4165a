import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkout } from '../../parts/directories.ts'
import { type Progress, toStderr } from '../../parts/progress.ts'
import { must } from '../../parts/run-or-throw.ts'
import { ensureVenv } from '../../parts/venv.ts'
import type { PythonPackage } from '../python-packages.ts'
import type { Bill } from './bill.ts'

/**
 * The bill of a Python package, by `cyclonedx-py`. It contains nothing but its own files: the components are what it
 * requires, with the versions that it accepts.
 * @param wheel Its wheel, which says what it requires.
 * @param scratch A folder for what the tools write.
 * @throws PartMissing
 */
export async function billOfPython({ folder, name }: PythonPackage, wheel: string, scratch: string): Promise<Bill> {
  const python = join(await ensureBillTools(), 'bin', 'python')
  const requirements = join(scratch, `${name}.requirements.txt`)
  await must(python, ['-c', REQUIREMENTS, wheel, requirements])
  const output = join(scratch, `${name}.cdx.json`)
  const project = ['--pyproject', join(folder, 'pyproject.toml'), '--mc-type', 'library']
  const options = ['--output-reproducible', '--short-PURLs', '--spec-version', '1.6', '--output-file', output]
  await must(python, ['-m', 'cyclonedx_py', 'requirements', ...project, ...options, requirements])
  const bill = JSON.parse(await readFile(output, 'utf8')) as Bill
  // What was read was a file of this run, on a line of it.
  const components = bill.components.map(({ description: _, externalReferences: __, ...each }) => each)
  return { ...bill, components }
}

/** What a wheel requires without its extras, a line each. */
const REQUIREMENTS = `
import email, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
[metadata] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
required = email.message_from_bytes(archive.read(metadata)).get_all("Requires-Dist") or []
open(sys.argv[2], "w").write("".join(f"{line}\\n" for line in required if "extra ==" not in line))
`

/** Installs the tools that write bills of Python packages, and check all. Resolves to their virtual environment. @throws PartMissing */
export const ensureBillTools = (progress: Progress = toStderr): Promise<string> =>
  ensureVenv(
    {
      name: 'sbom',
      title: 'CycloneDX',
      megabytes: 10,
      requirements: [join(checkout, 'infra', 'package', 'sbom', 'requirements.txt')],
    },
    progress,
  )
