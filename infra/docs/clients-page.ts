import { readFileSync } from 'node:fs'
import { CLIENTS, type ClientRow } from '../../test/clients/matrix.ts'

/** The matrix of clients. Versions are those of the files that pin them. */
export function clientsPage(): string {
  const rows = CLIENTS.map((row) =>
    [row.client, row.authentication, row.project, versionOf(row.version), row.result, guideOf(row.guide)].join(' | '),
  )
  return `${[...INTRO, ...rows.map((row) => `| ${row} |`), ...NOTES].join('\n')}\n`
}

/** @throws Error if the file does not pin the package */
export function versionOf(version: ClientRow['version']): string {
  if ('system' in version) return version.system
  const text = readFileSync(version.file, 'utf8')
  const name = version.name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const patterns = [
    new RegExp(`^${name}==(\\S+)`, 'm'),
    new RegExp(`^\\s*${name} v(\\S+)`, 'm'),
    new RegExp(`<artifactId>${name}</artifactId>\\s*<version>([^<]+)<`),
  ]
  const found = patterns.map((pattern) => pattern.exec(text)?.[1]).find((each) => each !== undefined)
  if (found === undefined) throw new Error(`${version.file}: expected a version of ${version.name}`)
  return found
}

const guideOf = (guide: string) =>
  guide.startsWith('reference/clients.md') ? `[below](${guide.slice(guide.indexOf('#'))})` : `[guide](../${guide})`

const INTRO = [
  '# Clients',
  '',
  'Clients as their users install them, unchanged. Each line is a test with the real client against a real MLflow or Airflow:',
  '`npm test -- --tier clients`. The page is generated from the list of these tests (`test/clients/matrix.ts`); the versions',
  'are those that the tests install. [How to connect a client](../guides/clients/overview.md).',
  '',
  '| client | authentication | project | tested version | result | |',
  '| --- | --- | --- | --- | --- | --- |',
]

const NOTES = [
  '',
  'Browsers, and MLflow with the package `modelops-gateway-mlflow`, are tested in other tiers.',
  '',
  '## mlflow-oidc-client',
  '',
  'The plugin fetches tokens from the issuer itself:',
  '',
  '```sh',
  'pip install mlflow mlflow-oidc-client',
  'export MLFLOW_TRACKING_URI=https://o.example/mlflow/alpha',
  'export MLFLOW_TRACKING_OIDC_ISSUER=https://sso.example/realms/shared',
  'export MLFLOW_TRACKING_OIDC_CLIENT_ID=training-alpha',
  'export MLFLOW_TRACKING_OIDC_CLIENT_SECRET="$CLIENT_SECRET"',
  '```',
  '',
  '| | |',
  '| --- | --- |',
  '| issuer | must have an `https` URL, without a slash at the end if its identifier has none |',
  '| sign-in of a user | leave the secret out, set `MLFLOW_TRACKING_OIDC_USE_ID_TOKEN=false` and register `MLFLOW_TRACKING_OIDC_REDIRECT_URI` at the issuer. By default the plugin sends ID tokens, which the gateway never accepts |',
  '| refresh | none: the plugin opens the browser again when the token has expired |',
  '| tokens | in `~/.mlflow/oidc_client/cache`, readable by their owner alone |',
  '| other programs | MLflow ends with an error in every environment that has the plugin and lacks its settings |',
  '',
  'Prefer [the package of the gateway](../guides/clients/training-jobs.md): it refreshes tokens.',
  '',
  '## Not tested',
  '',
  '| client | why | what it would need |',
  '| --- | --- | --- |',
  '| MLflow for R | The package is on CRAN alone, which the machines of this project cannot reach; Debian does not have it. | A mirror of CRAN. The client sends `MLFLOW_TRACKING_TOKEN`, or `MLFLOW_TRACKING_USERNAME` and `…_PASSWORD`, to `MLFLOW_TRACKING_URI`, as the one for Python does. |',
  '| MLflow for Java 3 | Maven Central, as far as these machines reach it, has no newer version than the one above. | The newer version. |',
  '| OTLP over gRPC | MLflow receives OTLP over HTTP only. | A collector between them, with a receiver for gRPC. |',
]
