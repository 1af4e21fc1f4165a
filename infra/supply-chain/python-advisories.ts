import { join } from 'node:path'
import * as z from 'zod'
import { checkout } from '../parts/directories.ts'
import { PartMissing, type Progress } from '../parts/progress.ts'
import { ensureVenv } from '../parts/venv.ts'
import type { Finding } from './advisories.ts'
import { capture } from './capture.ts'

const report = z.object({
  dependencies: z.array(
    z.object({
      name: z.string(),
      vulns: z.array(z.object({ id: z.string(), description: z.string() })).default([]),
      skip_reason: z.string().optional(),
    }),
  ),
})

/** Installs pip-audit into a virtual environment. Resolves to its directory. @throws PartMissing */
export const ensurePipAudit = (progress?: Progress): Promise<string> =>
  ensureVenv(
    {
      ...{ name: 'supply-chain', title: 'pip-audit', megabytes: 8 },
      requirements: [join(checkout, 'infra', 'supply-chain', 'requirements.txt')],
    },
    progress,
  )

/**
 * What the OSV database knows of the packages in a requirements file.
 * @param file Relative to the checkout. Every package is pinned.
 * @param osvUrl Default: the public database.
 * @throws PartMissing
 */
export async function pythonFindings(venv: string, file: string, osvUrl?: string): Promise<Finding[]> {
  const { stdout, stderr } = await capture(
    join(venv, 'bin', 'pip-audit'),
    [
      ...['--requirement', file, '--disable-pip', '--no-deps', '--format', 'json', '--progress-spinner', 'off'],
      ...['--vulnerability-service', 'osv', ...(osvUrl === undefined ? [] : ['--osv-url', osvUrl])],
    ],
    checkout,
  )
  const parsed = report.safeParse(stdout.startsWith('{') ? JSON.parse(stdout) : undefined)
  const skipped = parsed.data?.dependencies.find(({ skip_reason: reason }) => reason !== undefined)
  if (!parsed.success || skipped !== undefined) {
    const cause = skipped?.skip_reason ?? stderr.trim().split('\n').at(-1)
    throw new PartMissing(`The vulnerability database did not respond for ${file}. Check the network.\n${cause}`)
  }
  return parsed.data.dependencies.flatMap(({ name, vulns }) =>
    vulns.map(({ id, description }) => ({
      ...{ advisory: id, package: name, file },
      title: description.split('\n')[0]?.slice(0, 120) ?? '',
    })),
  )
}
