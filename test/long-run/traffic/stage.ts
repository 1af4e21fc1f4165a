import { Agent } from 'node:http'
import type { Oracle } from '../oracle/oracle.ts'
import type { Random } from '../random.ts'
import type { DenialLog } from './denial-log.ts'

/** A way to the gateway, with connections that requests of all callers share. */
export interface Entrance {
  readonly name: string
  readonly url: string
  readonly agent: Agent
}

export const entranceTo = (name: string, url: string): Entrance => ({
  ...{ name, url },
  agent: new Agent({ keepAlive: true, maxSockets: 12, scheduling: 'lifo' }),
})

/** Somebody with credentials. */
export interface Caller {
  readonly user: string
  readonly projects: readonly string[]
  /** The fields that prove it. Never logged. */
  credentials(): Record<string, string>
}

/** What a lane of traffic works with. */
export interface Stage {
  readonly random: Random
  readonly oracle: Oracle
  readonly denials: DenialLog
  readonly entrances: readonly Entrance[]
  /** Host and origin that browsers know. */
  readonly publicUrl: URL
  readonly sessions: readonly Caller[]
  readonly bearers: readonly Caller[]
  /** Aborted when the traffic shall end: streams close, and no new request begins. */
  readonly end: AbortSignal
}
