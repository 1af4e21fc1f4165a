import type { Clock } from '../../../shared/clock.ts'
import { Refusal } from '../../errors.ts'
import type { Project } from '../../policy/types.ts'
import type { Admission, AppProfile } from '../profile.ts'
import { DefaultExperiments } from './default-experiment.ts'
import { MlflowApi } from './mlflow-api.ts'
import { OwnedObjects } from './owned-objects.ts'
import { Workspaces } from './workspaces.ts'

/** What a tenancy adds to the profile: where a project's data is, and how a request is bound to it. */
export interface Tenancy extends Pick<AppProfile, 'prepare' | 'upstream'> {
  /** Headers that bind a request to its project. */
  headers(admitted: Admission): Record<string, string>
  /** Where projects share one MLflow: which objects belong to whom. */
  readonly objects?: OwnedObjects
  /** The experiment that stands for `0`. Undefined: `0` is MLflow's own. */
  defaultExperiment?(projectId: string): string | undefined
}

/** One MLflow with a workspace per project: created before the first request, and named by every request. */
export function workspaceTenancy(upstream: string, clock: Clock): Tenancy {
  const api = new MlflowApi(upstream)
  const experiments = new DefaultExperiments(api)
  const workspaces = new Workspaces(api, clock, (project) => experiments.ensure(project))
  return {
    prepare: (admitted) => workspaces.ensure(projectOf(admitted)),
    headers: (admitted) => ({ 'X-MLFLOW-WORKSPACE': projectOf(admitted).id }),
    objects: new OwnedObjects(api, clock),
    defaultExperiment: (projectId) => experiments.get(projectId),
  }
}

/** One MLflow per project: nothing is shared, so no workspace is named. */
export function instanceTenancy(instances: Readonly<Record<string, string>>): Tenancy {
  return {
    headers: () => ({}),
    upstream(admitted) {
      const { id } = projectOf(admitted)
      const instance = instances[id]
      if (instance !== undefined) return instance
      throw new Refusal('upstream-not-ready', `routes[].mlflow.instances: expected an upstream for ${id}, got none`)
    },
  }
}

/** Without a workspace MLflow uses its `default`, whose artifacts include those of all others: such a request is refused. */
function projectOf({ project }: Admission): Project {
  if (project) return project
  throw new Refusal('project-missing', 'a request for MLflow was admitted without a project')
}
