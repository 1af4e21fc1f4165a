import { Refusal } from '../errors.ts'
import type { KnownProject, RefusalDetails } from '../pages/refusal-page.ts'
import { readBelowRoute } from '../routing/below-route.ts'
import type { RequestContext } from '../routing/request-context.ts'

/**
 * What an administrator needs to find and understand a denial. It contains what the person sent and what the person knows
 * already: an unknown project and one of other people give the same details.
 * @param now Milliseconds since the epoch.
 */
export function detailsOf(context: RequestContext, now: number): RefusalDetails {
  const { head, target, decision } = context
  const known = decision !== undefined && !decision.allow ? decision.project : undefined
  return {
    time: new Date(now),
    method: head.method,
    path: target?.path,
    project: known === undefined ? typedProject(context) : `${known.name} (${known.id})`,
  }
}

/** The project whose member was denied, and the groups that would have been enough. */
export function knownProjectOf({ decision }: RequestContext): KnownProject | undefined {
  if (decision === undefined || decision.allow || decision.project === undefined) return undefined
  const { name, groups } = decision.project
  return { name, editorGroups: groups }
}

/** The ID or the name in the request itself, never one that was looked up. */
function typedProject({ head, target, route }: RequestContext): string | undefined {
  if (target === undefined || route === undefined) return undefined
  try {
    const { named, projectName, namespace } = readBelowRoute(head, target, route)
    return projectName ?? namespace?.name ?? (named.kind === 'named' ? named.id : undefined)
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}
