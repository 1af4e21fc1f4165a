import { airflowIsolation } from './airflow-isolation.ts'
import { mlflowFigures } from './mlflow-isolation.ts'

/** `docs/reference/isolation.md`: a section for each application. */
export const isolationPage = (): string => `${INTRODUCTION}\n${mlflowFigures()}\n\n${airflowIsolation()}`

const INTRODUCTION = `# What is isolated, and what is not

The gateway keeps projects apart that share one MLflow and one Airflow. This page says, for each application, version and
mode, what the tests prove of that, and what an operator must close in another way. The figures are generated from the
results of the probes.

## MLflow

[What MLflow workspaces isolate](../explanation/mlflow-isolation.md) lists the fields of each release, and what remains with tenancy
\`workspace\`. Tenancy \`instance\` gives each project an MLflow of its own. Routes and fields, by release:
`
