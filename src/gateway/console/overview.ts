import { messageOf } from '../../shared/message-of.ts'
import { titleOf } from '../config/route-title.ts'
import { REASONS, type Reason } from '../errors.ts'
import { pageReply } from '../http/reply.ts'
import { type OverviewView, overviewPage } from '../pages/console/overview-page.ts'
import { shownStore } from './configuration/shown-store.ts'
import type { ConsoleContext } from './console-deps.ts'
import type { ConsoleHandler, Note } from './console-request.ts'
import { groupDenials } from './denials/group-denials.ts'
import { readDenials } from './denials/recent-denials.ts'

const HOUR_MS = 3_600_000
const SHOWN_REASONS = 8

/** What of the gateway responds, and what happened in the last hour. A part that is down is shown as down. */
export function showOverview(context: ConsoleContext, note: Note): ConsoleHandler {
  return async (request) => {
    const [store, replica, denials, sessions] = await Promise.all([
      storeState(context),
      context.state.replica(),
      lastHour(context).catch(() => undefined),
      context.sessions.list({ offset: 0, limit: 1 }).then(
        ({ total }) => total,
        () => undefined,
      ),
    ])
    const { state } = context
    const view: OverviewView = {
      ...{ store, sessions, denials },
      issuer: issuerState(context),
      audit: auditState(context),
      applications: applications(context),
      process: { version: state.version, draining: state.draining(), ...replica },
      lastReload: replica.reloads[0],
      projects: context.projects.snapshot()?.all().length,
      journal: context.denials.state,
    }
    note(request, 'console.view')
    return pageReply(200, context.render(overviewPage(request.frame, view)))
  }
}

function issuerState({ config, state: { issuer } }: ConsoleContext): OverviewView['issuer'] {
  const state = issuer.ready ? 'responding' : issuer.known ? 'not-responding' : 'not-discovered'
  return { url: config.issuer.url, state, fault: issuer.ready ? undefined : issuer.fault }
}

async function storeState({ config, sessions }: ConsoleContext): Promise<OverviewView['store']> {
  const kind = shownStore(config.session.store)
  const startedAt = performance.now()
  try {
    await sessions.ping()
    return { kind, milliseconds: Math.round((performance.now() - startedAt) * 10) / 10 }
  } catch (error) {
    return { kind, milliseconds: 0, fault: messageOf(error) }
  }
}

/** A sink that fails is shown with what it means for users. */
const auditState = ({ config, state }: ConsoleContext): OverviewView['audit'] => ({
  sinks: state.sinks().map(({ name, works, fault, queued }) => ({ name, queued, fault: works ? undefined : fault })),
  deniesWrites: config.audit.onFailure === 'deny-writes',
})

const applications = ({ config, state }: ConsoleContext): OverviewView['applications'] =>
  config.routes.map((route) => ({
    name: `${route.name} (${titleOf(route)})`,
    upstream: route.upstream,
    state: state.applicationState(route.upstream),
  }))

async function lastHour({ sessions, denials, clock }: ConsoleContext): Promise<OverviewView['denials']> {
  await denials.flush()
  const recent = await readDenials(sessions.journal, clock() - HOUR_MS)
  const reasons = groupDenials(recent.denials, ({ reason }) => reason).slice(0, SHOWN_REASONS)
  return {
    total: recent.denials.length + recent.dropped,
    reasons: reasons.map(({ key, ...rest }) => ({ name: key, about: aboutReason(key), ...rest })),
  }
}

/** What a reason means; a reason of another version is shown without. */
export const aboutReason = (reason: string): string | undefined =>
  Object.hasOwn(REASONS, reason) ? REASONS[reason as Reason].text : undefined
