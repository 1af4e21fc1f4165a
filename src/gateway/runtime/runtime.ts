import { ConfigurationError, type FieldError } from '../../shared/settings/field-errors.ts'
import type { Config } from '../config/schema.ts'
import type { Reauthorize } from '../forward/reauthorize.ts'
import { currentProjects } from '../projects/source.ts'
import type { Gateway } from '../request/pipeline.ts'
import { buildComponents, type Components } from './components.ts'
import { buildHandlers } from './handlers.ts'
import type { Handlers } from './http-server.ts'
import type { ProcessState } from './process-state.ts'

/** Everything that judges and passes on by one configuration. Requests finish in the generation they began in. */
export interface Runtime {
  readonly config: Config
  readonly parts: Components
  readonly gateway: Gateway
  readonly reauthorize: Reauthorize
  readonly handlers: Handlers
}

/** The first generation: the gateway starts while the issuer or the core API is away, and asks again. */
export async function startRuntime(config: Config, processState: ProcessState): Promise<Runtime> {
  const parts = await buildComponents(config, processState)
  parts.issuer.start()
  await parts.projects.firstLoad
  return { config, parts, ...buildHandlers(config, parts, processState) }
}

/**
 * A further generation beside the one in force, with all that it needs at hand: what is new in it must answer before
 * anything is given up for it.
 * @throws ConfigurationError
 */
export async function prepareRuntime(config: Config, processState: ProcessState): Promise<Runtime> {
  const former = processState.present()
  const parts = await buildComponents(config, processState, former)
  try {
    const next = { config, parts, ...buildHandlers(config, parts, processState) }
    const faults = await faultsOf(parts, former.parts)
    if (faults.length > 0) throw new ConfigurationError('reload', faults)
    return next
  } catch (error) {
    release(parts, processState.present().parts)
    throw error
  }
}

async function faultsOf({ issuer, projects }: Components, former: Components): Promise<FieldError[]> {
  const faults: FieldError[] = []
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
      await projects.firstLoad
      currentProjects(projects.source)
    })
  }
  return faults
}

/** Closes parts that the kept ones do not include. What is in flight in them may still finish. */
export function release(parts: Components, kept: Components): void {
  if (parts.issuer !== kept.issuer) parts.issuer.close()
  if (parts.projects !== kept.projects) parts.projects.close()
  if (parts.sessions !== kept.sessions) parts.sessions.retire()
  if (parts.forwarder !== kept.forwarder) parts.forwarder.retire(() => true)
}

/** Lets go of the connections to upstreams that no route of the configuration names. */
export function releaseUpstreams({ config, parts }: Runtime): void {
  const named = new Set(
    config.routes.flatMap(({ upstream, mlflow }) => [upstream, ...Object.values(mlflow?.instances ?? {})]),
  )
  parts.forwarder.retire((origin) => !named.has(origin))
}
