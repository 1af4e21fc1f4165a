import { ConfigurationError, type FieldError } from '../../shared/settings/field-errors.ts'
import type { Config } from '../config/schema.ts'
import type { Console } from '../console/console.ts'
import { currentProjects } from '../projects/source.ts'
import type { RefreshTokens } from '../sessions/refresh/refresher.ts'
import { buildComponents, type Components } from './components.ts'
import { buildHandlers } from './handlers.ts'
import type { Handlers } from './http-server.ts'
import type { CurrentRules, ProcessState } from './process-state.ts'

/** Everything built from one configuration. A request finishes in the runtime that it began in. */
export interface Runtime extends CurrentRules {
  readonly config: Config
  readonly components: Components
  readonly handlers: Handlers
  /** The administration console, for the admin listener. */
  readonly adminConsole: Console
}

/** The first runtime. The gateway starts while the issuer or the core API cannot be reached, and tries again. */
export async function startRuntime(config: Config, state: ProcessState): Promise<Runtime> {
  const components = await buildComponents(config, state)
  components.issuer.start()
  await Promise.all([components.projects.firstLoad, warmUp(components)])
  return assemble(config, components, state)
}

/**
 * The next runtime, beside the current one, with all that it needs: what is new in it must respond before it replaces
 * anything.
 * @throws ConfigurationError
 */
export async function prepareRuntime(config: Config, state: ProcessState, current: () => Runtime): Promise<Runtime> {
  const previous = current()
  const components = await buildComponents(config, state, previous)
  try {
    const next = assemble(config, components, state)
    await warmUp(components)
    const errors = await errorsOf(components, previous.components)
    if (errors.length > 0) throw new ConfigurationError('reload', errors)
    return next
  } catch (error) {
    release(components, current().components)
    throw error
  }
}

function assemble(config: Config, components: Components, state: ProcessState): Runtime {
  const refresh: RefreshTokens = (session) => components.issuer.refresh(session)
  return { config, components, refresh, ...buildHandlers(config, components, state) }
}

/** Applications that do not respond delay this by a few seconds, and nothing else. */
const warmUp = ({ routes }: Components) => Promise.all(routes.all.map(({ profile }) => profile.warmUp?.()))

/** What of the new components does not respond. */
async function errorsOf({ issuer, projects }: Components, previous: Components): Promise<FieldError[]> {
  const errors: FieldError[] = []
  const check = async (path: string, expected: string, work: () => unknown) => {
    try {
      await work()
    } catch (error) {
      errors.push({ path, expected, got: error instanceof Error ? error.message : 'a failure' })
    }
  }
  if (issuer !== previous.issuer)
    await check('issuer', 'an issuer that responds', async () => (await issuer.keys()).reload())
  if (projects !== previous.projects) {
    await check('projects', 'a source that responds', async () => {
      await projects.firstLoad
      currentProjects(projects.source)
    })
  }
  return errors
}

/** Closes the components that are not kept. Requests in them may still finish. */
export function release(components: Components, kept: Components): void {
  if (components.issuer !== kept.issuer) components.issuer.close()
  if (components.projects !== kept.projects) components.projects.close()
  if (components.sessions !== kept.sessions) components.sessions.retire()
  if (components.exchangedTokens !== kept.exchangedTokens) components.exchangedTokens.close()
  if (components.forwarder !== kept.forwarder) components.forwarder.retire(() => true)
}

interface NamedUpstreams {
  readonly config: Pick<Config, 'routes'>
  readonly components: { readonly forwarder: Pick<Components['forwarder'], 'retire'> }
}

/** Retires the connections to upstreams that no route of the configuration names, or none with their timeout. */
export function releaseUpstreams({ config, components }: NamedUpstreams): void {
  const named = new Set(
    config.routes.flatMap(({ upstream, mlflow, connectSeconds }) =>
      [upstream, ...Object.values(mlflow?.instances ?? {})].map((origin) => `${origin} ${connectSeconds * 1000}`),
    ),
  )
  components.forwarder.retire(({ origin, connectMs }) => !named.has(`${origin} ${connectMs}`))
}
