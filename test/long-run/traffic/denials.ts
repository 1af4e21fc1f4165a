import { PROJECTS, ROUTES, type RunRoute } from '../world/settings.ts'
import { type Composed, compose, type Wish } from './compose.ts'
import type { Once } from './requests.ts'
import { readEcho, send } from './send.ts'
import type { Caller, Stage } from './stage.ts'

const NOBODY: Caller = { user: 'nobody', projects: PROJECTS.map(({ id }) => id), credentials: () => ({}) }
const FORGED: Caller = { ...NOBODY, credentials: () => ({ authorization: 'Bearer forged' }) }
const ADMINISTRATION: RunRoute = { path: '/ops', upstream: 'first', needsProject: false }
const NOWHERE: RunRoute = { path: '/nowhere', upstream: 'first', needsProject: false }
const [LAB = NOWHERE, NOTES = NOWHERE] = ROUTES

interface Case {
  readonly reason: string
  readonly status: number
  readonly wish: (stage: Stage) => Partial<Wish>
  /** Changes the request after it was composed. */
  readonly spoil?: (composed: Composed, stage: Stage) => Composed
}

const withTarget = (change: (target: string) => string) => (composed: Composed) => ({
  ...composed,
  target: change(composed.target),
})

/** A member of one project. Every stage has some. */
const memberOfOne = ({ random, sessions }: Stage) =>
  random.pick(sessions.filter(({ projects }) => projects.length === 1))

/** Requests that the gateway denies, and why. */
const CASES: readonly Case[] = [
  {
    ...{ reason: 'not-in-project', status: 403 },
    wish: (stage) => {
      const member = memberOfOne(stage)
      const foreign = PROJECTS.map(({ id }) => id).filter((id) => !member.projects.includes(id))
      return { caller: { ...member, projects: foreign }, route: NOTES }
    },
  },
  { ...{ reason: 'login-required', status: 401 }, wish: () => ({ caller: NOBODY }) },
  { ...{ reason: 'token-invalid', status: 401 }, wish: () => ({ caller: FORGED }) },
  {
    ...{ reason: 'path-ambiguous', status: 400 },
    wish: () => ({}),
    spoil: withTarget((target) => target.replace('/echo/', '/x/..%2fecho/')),
  },
  {
    ...{ reason: 'project-ambiguous', status: 400 },
    wish: ({ random, sessions }) => ({ caller: random.pick(sessions), route: LAB }),
    spoil: (composed) => {
      const [one, other] = PROJECTS.map(({ id }) => id)
      const target = `${composed.target.replace(/\?.*/, '')}?projectId=${one}`
      return { ...composed, target, headers: { ...composed.headers, 'aoa-project-id': String(other) } }
    },
  },
  {
    ...{ reason: 'credentials-ambiguous', status: 400 },
    wish: ({ random, sessions, bearers }) => {
      const session = random.pick(sessions)
      const other = random.pick(bearers.filter(({ user }) => user !== session.user))
      return { caller: { ...session, credentials: () => ({ ...session.credentials(), ...other.credentials() }) } }
    },
  },
  {
    ...{ reason: 'admin-only', status: 403 },
    wish: ({ random, sessions }) => ({ caller: random.pick(sessions), route: ADMINISTRATION }),
  },
  { ...{ reason: 'no-route', status: 404 }, wish: () => ({ route: NOWHERE }) },
  {
    ...{ reason: 'cross-origin', status: 403 },
    wish: ({ random, sessions }) => ({ caller: random.pick(sessions), method: 'POST' }),
    spoil: (composed) => ({ ...composed, headers: { ...composed.headers, origin: 'https://elsewhere.example' } }),
  },
]

/** A request that the gateway denies, with its reason. */
export function composeDenial(stage: Stage, more: Partial<Wish> = {}): Composed {
  const { reason, status, wish, spoil = (composed: Composed) => composed } = stage.random.pick(CASES)
  const expected = { status, reason, upstream: undefined, ...more.expected }
  return spoil(compose(stage, { kind: `denial ${reason}`, ...wish(stage), ...more, expected }), stage)
}

export const denial: Once = async (stage) => {
  const composed = composeDenial(stage)
  const received = await send(composed, readEcho)
  stage.oracle.check(composed.expected, received)
  if (received.reason === composed.expected.reason) stage.denials.expect(composed.expected, received)
}
