import { REASONS, type Reason } from '../../errors.ts'
import type { FoundDenialView, StepView, VerdictView } from '../../pages/console/why-page.ts'
import type { Grant } from '../../policy/types.ts'
import type { Explanation } from '../../request/explain.ts'
import { STEPS, type Step, stepsOf } from '../../request/steps.ts'
import type { ClaimedProject } from '../../routing/claimed-project.ts'
import type { ConsoleContext } from '../console-deps.ts'
import type { DenialRecord } from '../denials/denial-record.ts'
import { aboutReason } from '../overview.ts'
import { compareGroups } from './compare-groups.ts'

/** A request that would pass ends at the decision: what the application does with it is not asked. */
const LAST_EXPLAINED: Step = 'decide'

/** Every step with what became of it: passed until the one that denied, or until the decision if none did. */
export function stepViews(deniedAt: Step | undefined): StepView[] {
  let isOver = false
  return stepsOf(deniedAt ?? LAST_EXPLAINED).map((step) => {
    const state = isOver ? 'skipped' : step === deniedAt ? 'denied' : 'passed'
    if (step === (deniedAt ?? LAST_EXPLAINED)) isOver = true
    return { ...STEPS[step], state }
  })
}

export function verdictOfDenial(context: ConsoleContext, denial: DenialRecord): Omit<FoundDenialView, 'now'> {
  const { requestId, at, reason, status, step, caller } = denial
  return {
    ...{ requestId, at, reason, status, allowed: false },
    text: aboutReason(reason) ?? reason,
    hint: Object.hasOwn(REASONS, reason) ? REASONS[reason as Reason].hint : undefined,
    facts: factsOfDenial(denial),
    steps: stepViews(step),
    comparison:
      caller &&
      compareGroups({
        ...shared(context),
        ...{ reason, claimed: denial.claimed, project: denial.project },
        who: caller.username,
        held: caller.groups,
        moreHeld: caller.moreGroups,
        grants: caller.grants,
      }),
  }
}

const shared = ({ config }: ConsoleContext) => ({
  adminGroup: config.access.adminGroup,
  projectsClaim: config.projects.source === 'claim' ? config.issuer.projectsClaim : undefined,
})

function factsOfDenial(denial: DenialRecord): VerdictView['facts'] {
  const { caller, project } = denial
  return [
    ['Request', `${denial.method} ${denial.host}${denial.path ?? ' (the path could not be read)'}`],
    ['User', caller === undefined ? 'nobody was signed in' : `${caller.username} (${caller.kind}, by ${caller.via})`],
    ['Subject', caller?.subject],
    ['Rules', caller?.grants && grantsText(caller.grants)],
    ['Client address', denial.client],
    ['Route', denial.route],
    ['Endpoint', denial.endpoint],
    ['Access', denial.access],
    ['Use', denial.use],
    ['Project named', denial.claimed && claimedText(denial.claimed)],
    ['Project', project && `${project.name} (${project.id})`],
    ['Detail in the log', denial.detail],
  ]
}

const grantsText = (grants: readonly Grant[]) =>
  grants.map(({ rule, role, projectId }) => `${rule} (${role} of ${projectId})`).join(', ') || 'none matches'

const BY = {
  id: 'by ID',
  name: 'by name in the path',
  namespace: 'by namespace',
  selection: 'selected in the browser',
} as const

const claimedText = (claimed: ClaimedProject) =>
  'value' in claimed ? `${claimed.value} (${BY[claimed.by]})` : `${claimed.by}: the request names no single project`

/** @param who User name; undefined: nobody is signed in */
export function verdictOfExplanation(
  context: ConsoleContext,
  explanation: Explanation,
  { who, project }: { who: string | undefined; project: string | undefined },
): VerdictView {
  const { allowed, status, reason, text, step } = explanation
  return {
    ...{ allowed, status, reason, text },
    facts: [
      ['Route', explanation.route],
      ['Access', explanation.access],
      ['Use', explanation.use],
      ['Role', explanation.role],
      ['Project', explanation.project],
      ['Level', explanation.level],
    ],
    steps: stepViews(step),
    comparison:
      who === undefined || allowed
        ? undefined
        : compareGroups({
            ...shared(context),
            ...{ reason, who, held: explanation.groups },
            ...(project !== undefined && {
              claimed: { by: 'id', value: project },
              project: context.projects.snapshot()?.find(project),
            }),
          }),
  }
}
