import { ensureDocsSite } from '../infra/docs/site/install.ts'
import { ensureStryker } from '../infra/mutation/install.ts'
import { ensureBuildTools } from '../infra/package/python-packages.ts'
import { ensureBillTools } from '../infra/package/sbom/python.ts'
import { ensureActionlint } from '../infra/parts/actionlint.ts'
import { ensureAirflow, ensureAirflowCelery, ensureAirflowctl } from '../infra/parts/airflow.ts'
import { ensureTracingCaddy } from '../infra/parts/caddy-tracing.ts'
import { ensureChromium } from '../infra/parts/chromium.ts'
import { ensureClients } from '../infra/parts/clients.ts'
import { ensureDebian } from '../infra/parts/debian.ts'
import { ensureFaketime } from '../infra/parts/faketime.ts'
import { ensureHelm } from '../infra/parts/helm.ts'
import { ensureJavaClient } from '../infra/parts/java-client.ts'
import { KERBEROS_COMMANDS } from '../infra/parts/kerberos.ts'
import { ensureKeycloak, ensureKeycloakForWorkloads } from '../infra/parts/keycloak.ts'
import { MARIADB_COMMANDS } from '../infra/parts/mariadb.ts'
import { ensureMlflow } from '../infra/parts/mlflow.ts'
import { ensureBackends } from '../infra/parts/mlflow-backends.ts'
import { ensureMlflowClient } from '../infra/parts/mlflow-client.ts'
import { ensureMlflowOidcClient } from '../infra/parts/mlflow-oidc-client.ts'
import { ensureModelopsClient } from '../infra/parts/modelops-client.ts'
import { ensureObjectStore } from '../infra/parts/object-store.ts'
import { ensureOtelCollector } from '../infra/parts/otel-collector.ts'
import { ensurePodman } from '../infra/parts/podman.ts'
import { ensurePostgres } from '../infra/parts/postgres.ts'
import { ensurePrometheus } from '../infra/parts/prometheus.ts'
import { ensureProxies } from '../infra/parts/proxies.ts'
import { REDIS_COMMANDS } from '../infra/parts/redis.ts'
import { SAMBA_COMMANDS } from '../infra/parts/samba.ts'
import { SLAPD_COMMANDS } from '../infra/parts/slapd.ts'
import { ensureToxiproxy } from '../infra/parts/toxiproxy.ts'
import { ensureTracingOverlay } from '../infra/parts/tracing-overlay.ts'
import { ensurePreviousRelease } from '../infra/release/previous-release.ts'
import { ensurePipAudit } from '../infra/supply-chain/python-advisories.ts'
import { shareKeycloak } from './keycloak/realm.ts'
import type { SharedPart } from './shared-part.ts'

/** A group of tests that needs the same parts. */
export interface Tier {
  readonly name: string
  readonly about: string
  /** Installers of what it needs. Each prints its own progress. */
  readonly needs: readonly (() => Promise<unknown>)[]
  /** An npm script, or patterns of test files. */
  readonly run: { readonly script: string } | { readonly files: readonly string[] }
  /** The longest time the whole tier may take. */
  readonly minutes: number
  /** What its files use together. Starts before the first of them, and ends after the last. */
  readonly shares?: () => Promise<SharedPart>
  /** How many of its files may run at the same time: they mostly wait, and have nothing in common. Default: 1 */
  readonly filesAtOnce?: number
  /** Whether another tier may run at the same time: it measures no time and does not need the whole machine. */
  readonly sharesMachine?: boolean
  /** Runs only when it is named, because it takes more time or more of the machine than the others. */
  readonly onlyNamed?: boolean
}

const IMAGE_COMMANDS = [
  { command: 'buildah', debianPackage: 'buildah' },
  { command: 'qemu-aarch64-static', debianPackage: 'qemu-user-static' },
  { command: 'newuidmap', debianPackage: 'uidmap' },
]

/** All tests. Those that need the machine for themselves run in this order, before the others. */
export const TIERS: readonly Tier[] = [
  {
    name: 'check',
    about: 'format, lint, types, unit and contract tests',
    needs: [ensureActionlint],
    run: { script: 'check' },
    minutes: 20,
  },
  {
    name: 'path',
    about:
      'hostile requests, streams, WebSockets, workers, forward auth behind real nginx and Caddy, selftest with planted mistakes',
    needs: [ensureProxies],
    run: {
      files: ['test/attacks/*.test.ts', 'test/path/*.test.ts', 'test/caddy/*.test.ts', 'test/selftest/*.test.ts'],
    },
    filesAtOnce: 6,
    minutes: 20,
  },
  {
    name: 'redis',
    about: 'the session store on real Redis, Sentinel and Cluster, with and without failures',
    needs: [() => ensureDebian(REDIS_COMMANDS)],
    run: { files: ['test/redis/*.test.ts'] },
    minutes: 6,
    sharesMachine: true,
  },
  {
    name: 'helm',
    about: 'the chart: what a real Helm renders and rejects, and the rendered pod as a process',
    needs: [ensureHelm, () => ensureDebian(REDIS_COMMANDS)],
    run: { files: ['test/helm/*.test.ts'] },
    minutes: 4,
    sharesMachine: true,
  },
  {
    name: 'faults',
    about: 'failures of replicas, stores, clocks, issuer and upstream under load; prints what clients saw',
    needs: [() => ensureDebian(REDIS_COMMANDS), ensureProxies, ensureToxiproxy, ensureFaketime],
    run: { script: 'test:faults' },
    minutes: 8,
    sharesMachine: true,
  },
  {
    name: 'alerts',
    about: 'alert rules under promtool; each alert fired and ended on a real Prometheus; the queries of the dashboard',
    needs: [ensurePrometheus, () => ensureDebian(REDIS_COMMANDS), ensureToxiproxy],
    run: { files: ['test/alerts/*.test.ts'] },
    minutes: 5,
    sharesMachine: true,
  },
  {
    name: 'e2e',
    about: 'a browser or the command line, the embedded issuer, the gateway, a real MLflow',
    needs: [ensureMlflow, ensureChromium],
    run: { files: ['test/e2e/*.test.ts', 'test/cli/*.test.ts'] },
    minutes: 10,
    sharesMachine: true,
  },
  {
    name: 'packages',
    about: 'npm run package, made twice, and its files installed where nothing else is',
    needs: [ensureBuildTools, ensureBillTools, ensurePipAudit, ensureMlflow, ensureAirflow],
    run: { files: ['test/packages/{audit,packages,sign}.test.ts'] },
    minutes: 15,
    sharesMachine: true,
  },
  {
    name: 'image',
    about: 'the image of a release for both architectures, made twice, and run by podman with a real MLflow',
    needs: [ensureBuildTools, ensureBillTools, ensureMlflow, ensurePodman, () => ensureDebian(IMAGE_COMMANDS)],
    run: { files: ['test/packages/image.test.ts'] },
    minutes: 20,
    onlyNamed: true,
  },
  {
    name: 'first-hour',
    about: 'from a new Keycloak by the guide, init, check and serve to a sign-in with Chromium and a run in MLflow',
    needs: [ensureKeycloak, ensureMlflow, ensureMlflowClient, ensureChromium],
    run: { files: ['test/first-hour/*.test.ts'] },
    minutes: 8,
    sharesMachine: true,
  },
  {
    name: 'keycloak',
    about: 'the sign-in suite against a real Keycloak, and a gateway without a secret',
    needs: [ensureKeycloak, ensureKeycloakForWorkloads, ensureFaketime, ensureChromium],
    shares: shareKeycloak,
    run: { files: ['test/keycloak/*.test.ts'] },
    minutes: 30,
    sharesMachine: true,
  },
  {
    name: 'directories',
    about:
      'OpenLDAP, Active Directory, Kerberos and brokered providers through a real Keycloak, and the time until changes apply',
    needs: [
      ...[ensureKeycloak, ensureMlflow, ensureChromium],
      () => ensureDebian([...SLAPD_COMMANDS, ...SAMBA_COMMANDS, ...KERBEROS_COMMANDS]),
    ],
    run: { files: ['test/directories/*.test.ts'] },
    minutes: 30,
    onlyNamed: true,
  },
  {
    name: 'mlflow',
    about: 'tenancy, leaks, roles, clients and the migration against a real MLflow',
    needs: [ensureMlflow, ensureMlflowClient, ensureChromium],
    run: { files: ['test/mlflow/*.test.ts'] },
    minutes: 30,
    sharesMachine: true,
  },
  {
    name: 'isolation',
    about: 'every field of every MLflow release attacked, MLflow’s whole client, PostgreSQL, MariaDB and an S3 server',
    needs: [ensureMlflow, ensureBackends, ensurePostgres, () => ensureDebian(MARIADB_COMMANDS), ensureObjectStore],
    run: { files: ['test/mlflow/isolation/*.test.ts'] },
    minutes: 40,
    onlyNamed: true,
  },
  {
    name: 'machines',
    about: 'bearer tokens, Basic credentials, service users, CI jobs and pods, an unavailable issuer, training runs',
    needs: [ensureMlflow, ensureMlflowClient, ensureActionlint],
    run: { files: ['test/machines/*.test.ts'] },
    filesAtOnce: 2,
    minutes: 8,
    sharesMachine: true,
  },
  {
    name: 'airflow',
    about: 'a real Airflow behind the gateway in both integrations; its auth manager; MLflow next to it',
    needs: [ensureAirflow, ensureAirflowctl, ensureMlflow, ensureChromium, ensureKeycloak],
    run: { files: ['test/airflow/*.test.ts'] },
    minutes: 30,
    sharesMachine: true,
  },
  {
    name: 'tracing',
    about: 'one trace through a real Caddy, the gateway, MLflow and Airflow, in a real OpenTelemetry Collector',
    needs: [ensureOtelCollector, ensureTracingCaddy, ensureMlflow, ensureTracingOverlay, ensureAirflow],
    run: { files: ['test/tracing/*.test.ts'] },
    minutes: 6,
    onlyNamed: true,
  },
  {
    name: 'clients',
    about: 'unchanged clients of MLflow, Airflow, OpenTelemetry and OpenAI, and JupyterHub, through the gateway',
    needs: [
      ...[ensureMlflow, ensureClients, ensureMlflowOidcClient, ensureJavaClient, ensureOtelCollector],
      ...[ensureAirflow, ensureAirflowctl],
    ],
    run: { files: ['test/clients/*.test.ts'] },
    minutes: 20,
    onlyNamed: true,
  },
  {
    name: 'airflow-setup',
    about: 'the guide to Airflow, from an empty folder to a task that succeeds; a worker of one project alone',
    needs: [ensureAirflow, ensureAirflowCelery, () => ensureDebian(REDIS_COMMANDS)],
    run: { files: ['test/airflow/setup/*.test.ts'] },
    minutes: 15,
    onlyNamed: true,
  },
  {
    name: 'core',
    about: 'the core API on a real PostgreSQL',
    needs: [ensurePostgres, ensureModelopsClient, ensureChromium],
    run: { files: ['test/core/*.test.ts'] },
    minutes: 8,
    sharesMachine: true,
  },
  {
    name: 'site',
    about:
      'the documentation website in two versions, and the report of selftest: links, accessibility, no request elsewhere',
    needs: [ensureDocsSite, ensureChromium],
    run: { files: ['test/site/*.test.ts'] },
    minutes: 15,
    onlyNamed: true,
  },
  {
    name: 'fuzz',
    about: 'coverage-guided fuzzing of every parser, a minute each, compared with Node, nginx and Python',
    needs: [ensureProxies, ensureMlflow],
    run: { script: 'fuzz' },
    minutes: 30,
    onlyNamed: true,
  },
  {
    name: 'upgrade',
    about:
      'the previous release and this version over the same data, at once, under load, and back; its Python package',
    needs: [
      ensureProxies,
      () => ensureDebian(REDIS_COMMANDS),
      ...[ensurePostgres, ensureMlflow, ensureBuildTools, ensurePreviousRelease],
    ],
    run: { files: ['test/upgrade/*.test.ts'] },
    minutes: 12,
    onlyNamed: true,
  },
  {
    name: 'long-run',
    about: 'a minute of mixed traffic on two replicas with Redis: every response its own, nothing left behind',
    needs: [ensureProxies, () => ensureDebian(REDIS_COMMANDS)],
    run: { files: ['test/long-run/*.test.ts'] },
    minutes: 12,
    onlyNamed: true,
  },
  {
    name: 'mutation',
    about: 'the source changed in thousands of small ways: the tests of the policy, headers, cookies and tokens notice',
    needs: [ensureStryker],
    run: { script: 'mutation' },
    minutes: 60,
    onlyNamed: true,
  },
  {
    name: 'compose',
    about: 'docker-compose.yml in containers: sign-in, Airflow, a lost replica, reachability between networks',
    needs: [ensurePodman],
    run: { script: 'test:compose' },
    minutes: 40,
    onlyNamed: true,
  },
]
