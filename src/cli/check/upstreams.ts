import type { Config, RouteConfig } from '../../gateway/config/schema.ts'
import type { CheckError } from '../../shared/settings/load-settings.ts'
import { airflowErrors } from './airflow.ts'
import { mlflowErrors, mlflowNote, mlflowWarnings } from './mlflow.ts'
import { probe, whereReachable } from './probe.ts'
import type { Upstream } from './upstream.ts'

/** Whether each application is there, and is the one that its route names. */
export const upstreamErrors = (config: Config): Promise<CheckError[]> => forEachUpstream(config, applicationErrors)

/** What may be wrong with an application, although it need not be. */
export const upstreamWarnings = (config: Config): Promise<CheckError[]> =>
  forEachUpstream(config, async (route, upstream) => (route.app === 'mlflow' ? mlflowWarnings(route, upstream) : []))

/** What was found at the upstreams, in a line each. */
export async function upstreamNotes(config: Config): Promise<string[]> {
  const notes: string[] = []
  await forEachUpstream(config, async (route, upstream) => {
    const note = route.app === 'mlflow' ? await mlflowNote(route, upstream) : undefined
    if (note !== undefined) notes.push(note)
    return []
  })
  return notes.sort()
}

async function forEachUpstream(
  { routes, server }: Config,
  errorsOf: (route: RouteConfig, upstream: Upstream) => Promise<CheckError[]>,
): Promise<CheckError[]> {
  const checks = routes.flatMap((route, index) =>
    upstreamsOf(route, index).map(({ path, url }) =>
      whereReachable(path, 'the application', () => errorsOf(route, { path, url, index, publicUrl: server.publicUrl })),
    ),
  )
  return (await Promise.all(checks)).flat()
}

function upstreamsOf({ upstream, app, mlflow }: RouteConfig, index: number): Pick<Upstream, 'path' | 'url'>[] {
  const single = { path: `routes.${index}.upstream`, url: upstream }
  if (app !== 'mlflow' || mlflow?.tenancy !== 'instance') return [single]
  return Object.entries(mlflow.instances).map(([id, url]) => ({ path: `routes.${index}.mlflow.instances.${id}`, url }))
}

async function applicationErrors(route: RouteConfig, upstream: Upstream): Promise<CheckError[]> {
  if (route.app === 'mlflow') return mlflowErrors(route, upstream)
  if (route.app === 'airflow') return airflowErrors(route, upstream)
  // Any response will do.
  await probe(upstream.url, { method: 'HEAD' })
  return []
}
