import { ConfigFaults, type Fault } from '../../shared/settings/field-errors.ts'
import type { Config } from '../config/schema.ts'
import type { JudgeAgain } from '../forward/reauthorize.ts'
import type { Gateway } from '../request/pipeline.ts'
import { buildParts, type Parts } from './components.ts'
import { buildHandlers } from './handlers.ts'
import type { Handlers } from './http-server.ts'
import type { Lasting } from './process-state.ts'

/** Everything that judges and passes on by one configuration. Requests finish in the generation they began in. */
export interface Generation {
  readonly config: Config
  readonly parts: Parts
  readonly gateway: Gateway
  readonly judgeAgain: JudgeAgain
  readonly handlers: Handlers
}

/** The first generation: the gateway starts while the issuer or the core API is away, and asks again. */
export async function startGeneration(config: Config, lasting: Lasting): Promise<Generation> {
  const parts = await buildParts(config, lasting)
  parts.issuer.start()
  await parts.projects.asked
  return { config, parts, ...buildHandlers(config, parts, lasting) }
}

/**
 * A further generation beside the one in force, with all that it needs at hand: what is new in it must answer before
 * anything is given up for it.
 * @throws ConfigFaults
 */
export async function prepareGeneration(config: Config, lasting: Lasting): Promise<Generation> {
  const former = lasting.present()
  const parts = await buildParts(config, lasting, former)
  try {
    const next = { config, parts, ...buildHandlers(config, parts, lasting) }
    const faults = await faultsOf(parts, former.parts)
    if (faults.length > 0) throw new ConfigFaults('reload', faults)
    return next
  } catch (error) {
    giveUp(parts, lasting.present().parts)
    throw error
  }
}

async function faultsOf({ issuer, projects }: Parts, former: Parts): Promise<Fault[]> {
  const faults: Fault[] = []
  const must = async (path: string, expected: string, work: () => unknown) => {
    try {
      await work()
    } catch (error) {
      faults.push({
        path,
        expected,
        got: error instanceof Error ? error.message : 'a failure',
      })
    }
  }
  if (issuer !== former.issuer) {
    await must('issuer', 'an issuer that answers', async () => (await issuer.keys()).reload())
  }
  if (projects !== former.projects) {
    await must('projects', 'a source that answers', async () => {
      await projects.asked
      projects.directory.all()
    })
  }
  return faults
}

/** Closes parts that the kept ones do not include. What is in flight in them may still finish. */
export function giveUp(parts: Parts, kept: Parts): void {
  if (parts.issuer !== kept.issuer) parts.issuer.close()
  if (parts.projects !== kept.projects) parts.projects.close()
  if (parts.sessions !== kept.sessions) parts.sessions.retire()
  if (parts.forwarder !== kept.forwarder) parts.forwarder.retire(() => true)
}

/** Lets go of the connections to upstreams that no route of the configuration names. */
export function forgetUpstreams({ config, parts }: Generation): void {
  const named = new Set(
    config.routes.flatMap(({ upstream, mlflow }) => [upstream, ...Object.values(mlflow?.instances ?? {})]),
  )
  parts.forwarder.retire((origin) => !named.has(origin))
}
