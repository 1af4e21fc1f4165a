import type { Config, RouteConfig } from '../../gateway/config/schema.ts'
import type { CheckError } from '../../shared/settings/load-settings.ts'
import { airflowErrors } from './airflow.ts'
import { mlflowErrors } from './mlflow.ts'
import { probe, whereReachable } from './probe.ts'
import type { Upstream } from './upstream.ts'

/** Whether each application is there, and is the one that its route names. */
export async function upstreamErrors({ routes, server }: Config): Promise<CheckError[]> {
  const checks = routes.flatMap((route, index) =>
    upstreamsOf(route, index).map(({ path, url }) =>
      whereReachable(path, 'the application', () =>
        applicationErrors(route, { path, url, index, publicUrl: server.publicUrl }),
      ),
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
