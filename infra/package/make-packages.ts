import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import type { Progress } from '../parts/progress.ts'
import { writeChecksums } from './checksums.ts'
import { packCommandLine } from './command-line.ts'
import { buildPythonPackage, CLIENT_PACKAGE, PYTHON_PACKAGES, wheelName } from './python-packages.ts'

/**
 * Makes all packages: the npm package of the gateway and its command line, a wheel and a source distribution of each Python
 * package, and their checksums. The same sources and the same date give the same bytes.
 * @param output An empty folder.
 * @param date Of every file in the packages, in seconds since 1970.
 * @throws PartMissing
 */
export async function makePackages(output: string, date: number, progress: Progress): Promise<void> {
  await chmod(output, 0o755) // the folder of mkdtemp is readable by its owner alone
  for (const each of PYTHON_PACKAGES) await buildPythonPackage(each, { output, date, progress })
  // The gateway serves the client to its users.
  await packCommandLine({ output, clients: [join(output, wheelName(CLIENT_PACKAGE))], progress })
  await writeChecksums(output)
}
