import { airflowIsolation } from './airflow-isolation.ts'

/** `docs/reference/isolation.md`: a section for each application. */
export const whatIsIsolated = (): string => `${INTRODUCTION}\n${airflowIsolation()}`

const INTRODUCTION = `# What is isolated, and what is not

The gateway keeps projects apart that share one MLflow, one Airflow and one core API. This page says, for each application,
version and mode, what the tests prove of that, and what an operator must close in another way. The figures are generated
from the results of the probes.

## MLflow

[How MLflow is isolated](../mlflow-isolation.md) lists the fields and routes of each release, and what remains.
`
