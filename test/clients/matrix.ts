/** One line of the matrix of clients (docs/reference/clients.md). */
export interface ClientRow {
  readonly client: string
  readonly authentication: string
  readonly project: string
  /** Where the tested version is pinned. */
  readonly version: { readonly file: string; readonly name: string } | { readonly system: string }
  /** Guide below `docs`. */
  readonly guide: string
  readonly result: string
  /** Title of the test, which is in a file of this folder. */
  readonly test: string
}

const python = (name: string) => ({ file: 'infra/clients/requirements.txt', name })
const MLFLOW = python('mlflow-skinny')
const IN_URI = '`MLFLOW_TRACKING_URI`: `…/mlflow/<project>`'

export const CLIENTS: readonly ClientRow[] = [
  {
    client: 'MLflow for Python',
    authentication: '`MLFLOW_TRACKING_TOKEN`',
    project: IN_URI,
    version: MLFLOW,
    guide: 'guides/clients/command-line.md',
    result: 'works',
    test: 'MLflow for Python, with MLFLOW_TRACKING_TOKEN',
  },
  {
    client: 'MLflow for Python',
    authentication: '`MLFLOW_TRACKING_USERNAME` and `…_PASSWORD`: ID and secret of a client',
    project: IN_URI,
    version: MLFLOW,
    guide: 'guides/clients/basic-credentials.md',
    result: 'works with `basicCredentials: true`',
    test: 'MLflow for Python, with Basic credentials of a client',
  },
  {
    client: 'MLflow for Python in a pod',
    authentication: '`MLFLOW_TRACKING_AUTH=kubernetes`',
    project: IN_URI,
    version: MLFLOW,
    guide: 'guides/clients/additional-issuers.md',
    result: 'works with `issuer.additional`',
    test: 'MLflow for Python in a pod, with MLFLOW_TRACKING_AUTH=kubernetes',
  },
  {
    client: 'MLflow for Python in a pod',
    authentication: '`MLFLOW_TRACKING_AUTH=kubernetes-namespaced`',
    project: 'namespace of the pod',
    version: MLFLOW,
    guide: 'guides/clients/additional-issuers.md',
    result: 'works with `issuer.additional` and `routes[].mlflow.namespaces`',
    test: 'MLflow for Python in a pod, with MLFLOW_TRACKING_AUTH=kubernetes-namespaced',
  },
  {
    client: '`mlflow-oidc-client`',
    authentication: 'client credentials',
    project: IN_URI,
    version: { file: 'infra/clients/requirements-oidc.txt', name: 'mlflow-oidc-client' },
    guide: 'reference/clients.md#mlflow-oidc-client',
    result: 'works',
    test: 'mlflow-oidc-client, with client credentials',
  },
  {
    client: '`mlflow-oidc-client`',
    authentication: 'sign-in in a browser',
    project: IN_URI,
    version: { file: 'infra/clients/requirements-oidc.txt', name: 'mlflow-oidc-client' },
    guide: 'reference/clients.md#mlflow-oidc-client',
    result: 'works with `MLFLOW_TRACKING_OIDC_USE_ID_TOKEN=false`',
    test: 'mlflow-oidc-client, with the sign-in of a user in a browser',
  },
  {
    client: 'MLflow for Java',
    authentication: '`BasicMlflowHostCreds(uri, token)`',
    project: 'in the address',
    version: { file: 'infra/clients/java/pom.xml', name: 'mlflow-client' },
    guide: 'guides/clients/java.md',
    result: 'works; reads no token from the environment',
    test: 'MLflow for Java, with a token',
  },
  {
    client: 'curl',
    authentication: '`--oauth2-bearer`',
    project: 'in the address, `AOA-Project-ID` or `?projectId=`',
    version: { system: 'of Debian 12' },
    guide: 'guides/clients/command-line.md#3-use-curl',
    result: 'works',
    test: 'curl, with --oauth2-bearer',
  },
  {
    client: 'airflowctl',
    authentication: '`AIRFLOW_CLI_TOKEN`',
    project: 'not required',
    version: { file: 'infra/airflow/requirements-ctl.txt', name: 'apache-airflow-ctl' },
    guide: 'guides/applications/airflow.md#connect-clients',
    result: 'works',
    test: 'airflowctl, with a token',
  },
  {
    client: 'Airflow for Python',
    authentication: '`Configuration(access_token=…)`',
    project: 'not required; header `AOA-Project-ID` limits it to one',
    version: python('apache-airflow-client'),
    guide: 'guides/applications/airflow.md#connect-clients',
    result: 'works',
    test: 'Airflow’s client for Python, with a token',
  },
  {
    client: 'OpenTelemetry SDK for Python',
    authentication: '`OTEL_EXPORTER_OTLP_TRACES_HEADERS`',
    project: 'in the endpoint',
    version: python('opentelemetry-exporter-otlp-proto-http'),
    guide: 'guides/clients/opentelemetry.md',
    result: 'works',
    test: 'OpenTelemetry’s SDK for Python, with a token',
  },
  {
    client: 'OpenTelemetry Collector',
    authentication: 'header with Basic credentials',
    project: 'in `traces_endpoint`',
    version: {
      file: 'infra/parts/go/otel-collector/go.mod',
      name: 'go.opentelemetry.io/collector/exporter/otlphttpexporter',
    },
    guide: 'guides/clients/opentelemetry.md#2-from-a-collector',
    result: 'works with `basicCredentials: true`',
    test: 'OpenTelemetry Collector with the configuration of the guide, with Basic credentials of a client',
  },
  {
    client: 'OpenAI SDK for Python',
    authentication: '`OPENAI_API_KEY`: an access token',
    project: 'in `OPENAI_BASE_URL`',
    version: python('openai'),
    guide: 'guides/clients/openai.md',
    result: 'works, streamed as well',
    test: 'OpenAI’s SDK for Python, with a token of a user',
  },
  {
    client: 'JupyterHub',
    authentication: 'sign-in at the issuer; token from `auth_state`',
    project: 'in `MLFLOW_TRACKING_URI` of the notebook',
    version: python('jupyterhub'),
    guide: 'guides/clients/jupyter.md',
    result: 'works, with refresh',
    test: 'a notebook of JupyterHub logs as its user, through several lifetimes of its token',
  },
]
