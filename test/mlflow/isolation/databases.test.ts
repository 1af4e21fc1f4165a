import { describe } from 'node:test'
import { MLFLOW_RELEASES } from '../../../infra/parts/mlflow-release.ts'
import { probeSuite } from '../probes/suite.ts'

/** The fields that the gateway enforces, on other databases: their collations compare identifiers in other ways. */
const release = MLFLOW_RELEASES.at(-1) ?? MLFLOW_RELEASES[0]
for (const backends of ['postgres', 'mariadb'] as const)
  describe(`MLflow ${release} on ${backends}`, () => probeSuite({ release, backends, fields: 'enforced' }))
