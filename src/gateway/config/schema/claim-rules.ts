import * as z from 'zod'
import { isSlug } from '../../../shared/project-name.ts'
import { parseClaimPath } from '../../../shared/tokens/claim-path.ts'
import { patternMistake } from '../../../shared/tokens/claim-pattern.ts'

/** The name of a claim, or a JSON Pointer into one that is an object. */
export const claimName = z
  .string()
  .refine(
    (text) => parseClaimPath(text) !== undefined,
    'expected the name of a claim, or a path such as /kubernetes.io/namespace',
  )

const claimValue = z.string('expected a text in quotes, e.g. "123456789"').check(({ value, issues }) => {
  const message = patternMistake(value)
  if (message !== undefined) issues.push({ code: 'custom', message, input: value })
})

/** A rule over the claims of a token. All its claims must match. */
export const claimRule = z.strictObject({
  name: z
    .string()
    .refine(isSlug, 'expected lower-case letters, digits and `-`, e.g. train-alpha')
    .describe('Name of the rule, unique in the configuration; the audit trail and `explain` show it.'),
  claims: z
    .record(claimName, claimValue)
    .refine((claims) => Object.keys(claims).length > 0, 'expected at least one claim')
    .describe(
      'What each claim must be: an exact text, or a pattern in which `*` stands for one whole segment between `/` or `:`. A name that begins with `/` leads into an object: `/kubernetes.io/namespace`.',
    ),
  project: z.string().min(1).max(200).describe('UUID of the project; with projects.source `static` also its name.'),
  role: z.enum(['viewer', 'editor']).describe('Role in the project.'),
})

/** Claims that identify a workload in the tokens of GitHub, GitLab, Kubernetes and others. */
export const SUBJECT_CLAIMS = [
  'sub',
  'repository_id',
  'repository',
  'project_id',
  'project_path',
  '/kubernetes.io/namespace',
  '/kubernetes.io/serviceaccount/uid',
]
