import { CliError } from '../cli-error.ts'
import { type Case, SECTIONS, type Section } from './case.ts'
import { cookieCases } from './cases/cookies.ts'
import { csrfCases } from './cases/csrf.ts'
import { directCases } from './cases/direct.ts'
import { forwardAuthCases } from './cases/forward-auth.ts'
import { framingCases } from './cases/framing.ts'
import { headerCases } from './cases/headers.ts'
import { identityCases } from './cases/identity.ts'
import { leakCases } from './cases/leaks.ts'
import { pathCases } from './cases/paths.ts'
import { projectCases } from './cases/projects.ts'
import { redirectCases } from './cases/redirects.ts'
import { tlsCases } from './cases/tls.ts'
import { INCORRECT_USE } from './exit-codes.ts'

/** In the order of the report. */
export const CASES: readonly Case[] = [
  ...identityCases,
  ...pathCases,
  ...projectCases,
  ...cookieCases,
  ...csrfCases,
  ...redirectCases,
  ...directCases,
  ...tlsCases,
  ...headerCases,
  ...framingCases,
  ...forwardAuthCases,
  ...leakCases,
]

export const SECTION_IDS = Object.keys(SECTIONS) as Section[]

/** The cases of some sections. Undefined: all. @throws CliError for a section that does not exist */
export function casesOf(sections: readonly string[] | undefined): readonly Case[] {
  for (const name of sections ?? []) {
    if (!SECTION_IDS.some((id) => id === name)) {
      const message = `--only: expected one of ${SECTION_IDS.join(', ')}, got ${JSON.stringify(name)}`
      throw new CliError(message, { exitCode: INCORRECT_USE })
    }
  }
  return CASES.filter(({ section }) => sections === undefined || sections.includes(section))
}
