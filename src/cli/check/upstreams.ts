import type { Config, RouteConfig } from '../../gateway/config/schema.ts'
import type { CheckError } from '../../shared/settings/load-settings.ts'
import { airflowErrors } from './airflow.ts'
import { mlflowErrors, mlflowNote, mlflowWarnings } from './mlflow.ts'
import { probe, whereReachable } from './probe.ts'
import type { Upstream } from './upstream.ts'

/** Whether each application is there, and is the one that its route names. */
export const upstreamErrors = (config: Config): Promise<CheckError[]> => forEachUpstream(config, applicationErrors)

/** What may be wrong with an application, although it need not be. */
export const upstreamWarnings = (config: Config): Promise<CheckError[]> => forEachUpstream(config, applicationWarnings)

/** What was found at the upstreams, in a line each. */
export async function upstreamNotes(config: Config): Promise<string[]> {
  const notes: string[] = []
  await forEachUpstream(config, async (route, upstream) => {
    const note = await applicationNote(route, upstream)
    if (note !== undefined) notes.push(note)
    return []
  })
  return notes.sort()
}

async function forEachUpstream(
  config: Config,
  errorsOf: (route: RouteConfig, upstream: Upstream) => Promise<CheckError[]>,
): Promise<CheckError[]> {
  const checks = upstreamsIn(config).map(({ route, upstream }) =>
    whereReachable(upstream.path, 'the application', () => errorsOf(route, upstream)),
  )
  return (await Promise.all(checks)).flat()
}

/** Every upstream with its route, in the order of the configuration. */
export function upstreamsIn({ routes, server }: Config): { route: RouteConfig; upstream: Upstream }[] {
  return routes.flatMap((route, index) =>
    upstreamsOf(route, index).map(({ path, url }) => ({
      route,
      upstream: { path, url, index, publicUrl: server.publicUrl },
    })),
  )
}

function upstreamsOf({ upstream, app, mlflow }: RouteConfig, index: number): Pick<Upstream, 'path' | 'url'>[] {
  const single = { path: `routes.${index}.upstream`, url: upstream }
  if (app !== 'mlflow' || mlflow?.tenancy !== 'instance') return [single]
  return Object.entries(mlflow.instances).map(([id, url]) => ({ path: `routes.${index}.mlflow.instances.${id}`, url }))
}

/** @throws Unreachable */
export async function applicationErrors(route: RouteConfig, upstream: Upstream): Promise<CheckError[]> {
  if (route.app === 'mlflow') return mlflowErrors(route, upstream)
  if (route.app === 'airflow') return airflowErrors(route, upstream)
  // Any response will do.
  await probe(upstream.url, { method: 'HEAD' })
  return []
}

/** @throws Unreachable */
export const applicationWarnings = async (route: RouteConfig, upstream: Upstream): Promise<CheckError[]> =>
  route.app === 'mlflow' ? mlflowWarnings(route, upstream) : []

/** Undefined where nothing is known of the application. @throws Unreachable */
export const applicationNote = async (route: RouteConfig, upstream: Upstream): Promise<string | undefined> =>
  route.app === 'mlflow' ? mlflowNote(route, upstream) : undefined
