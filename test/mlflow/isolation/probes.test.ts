import { describe } from 'node:test'
import { MLFLOW_RELEASES } from '../../../infra/parts/mlflow-release.ts'
import { probeSuite } from '../probes/suite.ts'

/** Every field of every release, on SQLite. `PROBE_RESULTS=write` records what is seen. */
for (const release of MLFLOW_RELEASES) describe(`MLflow ${release}`, () => probeSuite({ release, fields: 'all' }))
