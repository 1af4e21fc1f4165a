import * as z from 'zod'
import { checkout } from '../parts/directories.ts'
import { PartMissing } from '../parts/progress.ts'
import type { Finding } from './advisories.ts'
import { capture } from './capture.ts'

const report = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.object({
      via: z.array(z.union([z.string(), z.object({ name: z.string(), title: z.string(), url: z.string() })])),
    }),
  ),
})

/** What the npm registry knows of the packages in the lock file, also of those for development. @throws PartMissing */
export async function npmFindings(registry?: string): Promise<Finding[]> {
  const options = registry === undefined ? [] : ['--registry', registry]
  const { stdout, stderr } = await capture('npm', ['audit', '--json', '--package-lock-only', ...options], checkout)
  const parsed = report.safeParse(jsonOf(stdout))
  if (!parsed.success) {
    throw new PartMissing(
      `The npm registry sent no advisories. Name a registry that has them in AUDIT_NPM_REGISTRY.\n${stderr.trim()}`,
    )
  }
  const advisories = Object.values(parsed.data.vulnerabilities).flatMap(({ via }) =>
    via.filter((each) => typeof each !== 'string'),
  )
  const findings = advisories.map(({ name, title, url }) => ({
    advisory: url.slice(url.lastIndexOf('/') + 1),
    ...{ package: name, file: 'package-lock.json', title },
  }))
  return [...new Map(findings.map((finding) => [`${finding.advisory} ${finding.package}`, finding])).values()]
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
