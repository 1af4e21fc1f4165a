import { parseProjectId } from '../../../shared/project-id.ts'
import type { CheckError } from '../../../shared/settings/load-settings.ts'
import { parseClaimPath } from '../../../shared/tokens/claim-path.ts'
import { parsePattern } from '../../../shared/tokens/claim-pattern.ts'
import type { Config } from '../schema.ts'

type Additional = Config['issuer']['additional'][number]
type Rule = NonNullable<Additional['rules']>[number]

export interface RuleSections {
  readonly issuer: Config['issuer']
  readonly access?: Config['access'] | undefined
  readonly projects?: Config['projects'] | undefined
}

/** Rules over claims that would let in more than they say, or that say nothing. */
export function ruleErrors({ issuer, access, projects }: RuleSections): CheckError[] {
  const names = new Set<string>()
  return issuer.additional.flatMap((one, index) => {
    const path = `issuer.additional.${index}`
    if (one.rules === undefined) return []
    return [
      ...groupErrors(one, path, access),
      ...one.rules.flatMap((rule, at) => [
        ...nameErrors(rule, `${path}.rules.${at}`, names),
        ...boundErrors(rule, `${path}.rules.${at}`, one.subjectClaims),
        ...verifiedClaimErrors(rule, `${path}.rules.${at}`),
        ...(projects ? projectErrors(rule, `${path}.rules.${at}`, projects) : []),
      ]),
    ]
  })
}

/** An issuer whose tokens need rules is one that anybody may get tokens from: it names no groups, and no administrator. */
function groupErrors({ groupsClaim, groups }: Additional, path: string, access: RuleSections['access']): CheckError[] {
  const errors: CheckError[] = []
  if (groupsClaim !== undefined)
    errors.push({
      path: `${path}.groupsClaim`,
      expected: 'no groupsClaim beside rules',
      hint: 'Remove it: the rules decide about the tokens of this issuer.',
    })
  if (access !== undefined && Object.values(groups).some((each) => each.includes(access.adminGroup)))
    errors.push({
      path: `${path}.groups`,
      expected: 'no administrator at an issuer with rules',
      got: 'the group of access.adminGroup',
      hint: 'Use a client of issuer.url for a program that must reach every project.',
      dependsOn: ['access.adminGroup'],
    })
  return errors
}

function nameErrors({ name }: Rule, path: string, names: Set<string>): CheckError[] {
  const isTaken = names.has(name)
  names.add(name)
  return isTaken
    ? [{ path: `${path}.name`, expected: 'a unique name of the rule', hint: 'Rename one of the rules.' }]
    : []
}

const samePath = (one: string, other: string) =>
  JSON.stringify(parseClaimPath(one)) === JSON.stringify(parseClaimPath(other))

/** Without an exact value for a claim that identifies the workload, strangers at the same issuer would match as well. */
function boundErrors({ claims }: Rule, path: string, subjectClaims: readonly string[]): CheckError[] {
  const isBound = Object.entries(claims).some(
    ([name, value]) =>
      parsePattern(value).pieces === undefined && subjectClaims.some((subject) => samePath(subject, name)),
  )
  if (isBound) return []
  return [
    {
      path: `${path}.claims`,
      expected: `an exact value, without \`*\`, for a claim that identifies the workload: ${subjectClaims.join(', ')}`,
      got: Object.keys(claims).join(', '),
      hint: 'Every workload at this issuer can have such claims. Add e.g. repository_id, project_id or sub; for another issuer, name its claim in subjectClaims.',
    },
  ]
}

const VERIFIED = ['iss', 'aud', 'exp', 'nbf', 'iat', 'jti']

function verifiedClaimErrors({ claims }: Rule, path: string): CheckError[] {
  const found = VERIFIED.filter((verified) => Object.keys(claims).some((name) => samePath(name, verified)))
  if (found.length === 0) return []
  const hint = 'Use url for the issuer and audiences for the audience; leave out the others.'
  return [{ path: `${path}.claims`, expected: 'claims that describe the workload', got: found.join(', '), hint }]
}

/** A name is resolved here and now. Names of projects elsewhere can move to another project while the gateway runs. */
function projectErrors({ project }: Rule, path: string, projects: Config['projects']): CheckError[] {
  const at = `${path}.project`
  const id = parseProjectId(project)
  if (projects.source !== 'static') {
    const hint = `With projects.source: ${projects.source}, a name may later mean another project. Write the UUID.`
    return id === undefined ? [{ path: at, expected: 'the UUID of a project', hint }] : []
  }
  const isKnown = projects.list.some((each) => each.id === id || each.name === project)
  const hint = 'Add the project to projects.list, or correct the rule.'
  return isKnown
    ? []
    : [{ path: at, expected: 'a project of projects.list, by UUID or name', hint, dependsOn: ['projects.list'] }]
}
