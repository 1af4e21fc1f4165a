import { existsSync } from 'node:fs'
import type { Config } from '../../gateway/config/schema.ts'
import { loadProjectsFile } from '../../gateway/projects/file.ts'
import { type ClaimRule, compileRules } from '../../gateway/tokens/rules/compile-rules.ts'
import type { CheckError } from '../../shared/settings/load-settings.ts'
import { covers } from '../../shared/tokens/claim-pattern.ts'

/** Rules over claims that are valid, and yet do nothing, or more than their author may think. */
export function ruleWarnings({ issuer, projects }: Config): CheckError[] {
  const known = knownProjects(projects)
  return issuer.additional.flatMap((one, index) => {
    if (one.rules === undefined) return isPublic(one.url) ? [withoutRules(index)] : []
    const rules = compileRules(one.rules, projects)
    return rules.flatMap((rule, at) => {
      const path = `issuer.additional.${index}.rules.${at}`
      return [
        ...(known !== undefined && !known.has(rule.projectId) ? [unknownProject(path)] : []),
        ...dotted(rule, path),
        ...redundant(rule, rules, at, path),
        ...nameWarnings(rule, path, isGitHub(one.url) ? { ...LASTING, sub: 'repository_id' } : LASTING),
        ...(isGitHub(one.url) ? runWarnings(rule, path) : []),
      ]
    })
  })
}

/** Issuers whose tokens everybody can have, for any audience. */
const isPublic = (url: string) => /^https:\/\/(token\.actions\.githubusercontent\.com|gitlab\.com)\/?$/.test(url)

const withoutRules = (index: number): CheckError => ({
  path: `issuer.additional.${index}`,
  expected: 'rules for an issuer that everybody can get tokens of',
  got: 'none',
  hint: 'Without rules, everybody with such a token is signed in. Add rules, or remove the issuer.',
})

/** Undefined: nobody knows them here. */
function knownProjects(projects: Config['projects']): ReadonlySet<string> | undefined {
  if (projects.source !== 'file' || !existsSync(projects.path)) return undefined
  return new Set(loadProjectsFile(projects.path).map(({ id }) => id))
}

const unknownProject = (path: string): CheckError => ({
  path: `${path}.project`,
  expected: 'a project of the projects file',
  hint: 'The rule gives nothing until there is such a project.',
})

/** A path with dots is the name of one claim, which no token has. */
function dotted({ claims }: ClaimRule, path: string): CheckError[] {
  const found = claims.filter(({ name }) => name.startsWith('kubernetes.io'))
  return found.map(({ name }) => ({
    path: `${path}.claims`,
    expected: 'a claim that is a text',
    got: name,
    hint: `No text has this name, so the rule never matches. Write ${pointerOf(name)}.`,
  }))
}

const pointerOf = (name: string) =>
  `/kubernetes.io${name.slice('kubernetes.io'.length).replaceAll('.', '/') || '/namespace'}`

function redundant(rule: ClaimRule, rules: readonly ClaimRule[], at: number, path: string): CheckError[] {
  const other = rules.find((each, index) => index !== at && gives(each, rule) && !(index > at && gives(rule, each)))
  if (other === undefined) return []
  const hint = `The rule ${other.name} matches each token that this one matches, and gives the same or more. Remove one of them.`
  return [{ path, expected: 'a rule that adds something', got: rule.name, hint }]
}

/** Whether `wide` gives at least what `narrow` gives, to everybody whom `narrow` matches. */
function gives(wide: ClaimRule, narrow: ClaimRule): boolean {
  if (wide.projectId !== narrow.projectId || (wide.role === 'viewer' && narrow.role === 'editor')) return false
  return wide.claims.every(({ path, pattern }) =>
    narrow.claims.some((each) => JSON.stringify(each.path) === JSON.stringify(path) && covers(pattern, each.pattern)),
  )
}

/** Names that somebody else can have later, and the claim that nobody else gets. GitHub's `sub` consists of such names. */
const LASTING: Readonly<Record<string, string>> = { repository: 'repository_id', project_path: 'project_id' }

function nameWarnings({ claims }: ClaimRule, path: string, lasting: typeof LASTING): CheckError[] {
  const names = new Set(claims.map(({ name }) => name))
  return Object.entries(lasting).flatMap(([name, id]): CheckError[] => {
    if (!names.has(name) || names.has(id) || (name === 'sub' && names.has('repository'))) return []
    const hint = `A name can be taken over after it is changed or deleted. Add ${id}.`
    return [{ path: `${path}.claims`, expected: `${id} beside ${name}`, got: `${name} alone`, hint }]
  })
}

/** github.com, an enterprise of it, ghe.com, and GitHub Enterprise Server. */
const isGitHub = (url: string) => /^https:\/\/token\.actions\.|\/_services\/token\/?$/.test(url)

/** Claims that say which runs of a repository are meant. */
const RUN_CLAIMS = ['environment', 'event_name', 'workflow_ref', 'job_workflow_ref']

function runWarnings({ claims, role }: ClaimRule, path: string): CheckError[] {
  const names = claims.map(({ name }) => name)
  if (role === 'viewer' || [...RUN_CLAIMS, 'sub'].some((name) => names.includes(name))) return []
  const hint =
    'Every workflow run of the repository may write, also one that a stranger causes (pull_request_target, workflow_run, issue_comment). Add environment or event_name.'
  return [{ path: `${path}.claims`, expected: RUN_CLAIMS.join(' or '), got: names.join(', '), hint }]
}
