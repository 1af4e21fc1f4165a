import * as z from 'zod'

/** A known vulnerability of a package that the project installs. */
export interface Finding {
  /** `GHSA-…` or `PYSEC-…`, as the registry names it. */
  readonly advisory: string
  readonly package: string
  /** The file that pins the package. */
  readonly file: string
  readonly title: string
}

/** Advisories that somebody has looked at: they do not concern the project, or have no fix yet. */
export const allowList = z.array(
  z.strictObject({
    advisory: z.string().min(1),
    package: z.string().min(1),
    /** The last day on which it is allowed, so that somebody looks again. */
    until: z.iso.date(),
    reason: z.string().min(10),
  }),
)
export type Allowed = z.infer<typeof allowList>[number]

/**
 * What must change before the audit passes: a line for each finding that nobody has allowed, for each one whose time has
 * expired, and for each permission that no finding needs.
 * @param today `YYYY-MM-DD`
 */
export function problems(findings: readonly Finding[], allowed: readonly Allowed[], today: string): string[] {
  const isSame = (finding: Finding, entry: Allowed) =>
    entry.advisory === finding.advisory && entry.package === finding.package
  const open = findings.flatMap((finding) => {
    const entry = allowed.find((each) => isSame(finding, each))
    const what = `${finding.advisory} concerns ${finding.package} in ${finding.file}: ${finding.title}`
    if (entry === undefined) return [`${what}. Update the package, or allow the advisory with a reason and a date.`]
    return entry.until < today ? [`${what}. It was allowed until ${entry.until}: look at it again.`] : []
  })
  const unused = allowed
    .filter((entry) => !findings.some((finding) => isSame(finding, entry)))
    .map(
      ({ advisory, package: name }) => `${advisory} is allowed for ${name}, and no package has it. Remove the entry.`,
    )
  return [...open, ...unused]
}
