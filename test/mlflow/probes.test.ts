import { MLFLOW_RELEASES } from '../../infra/parts/mlflow-release.ts'
import { probeSuite } from './probes/suite.ts'

/** The fields that the gateway enforces; the tier `isolation` probes all fields, of all releases. */
probeSuite({ release: MLFLOW_RELEASES[0], fields: 'enforced' })
