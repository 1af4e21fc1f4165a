import { decide } from '../policy/decide.ts'
import type { AccessRules, Decision, ProjectSnapshot, Question } from '../policy/types.ts'
import type { ProjectSource } from './source.ts'

/**
 * Decides with the projects that are known now. A project that the decision did not find is reported to the source: this
 * decision stands, and the next request may find the project.
 */
export function decideNow(question: Question, rules: AccessRules, source: ProjectSource): Decision {
  const snapshot = source.snapshot()
  const decision = decide(question, rules, snapshot)
  if (snapshot && isUnknown(question, decision, snapshot)) source.reportUnknown()
  return decision
}

function isUnknown(question: Question, decision: Decision, snapshot: ProjectSnapshot): boolean {
  const { projectName, namespace } = question
  if (projectName !== undefined && !snapshot.findByName(projectName)) return decision.reason === 'not-in-project'
  if (namespace?.projectId !== undefined && !snapshot.find(namespace.projectId))
    return decision.reason === 'not-in-project'
  if (projectName !== undefined || namespace !== undefined) return false
  const id = notUsed(question, decision)
  return id !== undefined && !snapshot.find(id)
}

/** The named or selected project that the decision looked for and did not use. */
function notUsed({ access, named, selected }: Question, decision: Decision): string | undefined {
  if (named.kind === 'named') return decision.reason === 'not-in-project' ? named.id : undefined
  if (named.kind !== 'none' || (access !== 'project' && access !== 'member')) return undefined
  return decision.allow && decision.project?.id === selected ? undefined : selected
}
