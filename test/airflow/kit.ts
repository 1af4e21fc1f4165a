import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AIRFLOW_CLIENT, CI_CLIENT } from '../../infra/issuer/clients.ts'
import { startIssuer } from '../../infra/issuer/issuer.ts'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { type Airflow, startAirflow } from '../../infra/parts/airflow.ts'
import { checkout } from '../../infra/parts/directories.ts'
import { startKeycloak } from '../../infra/parts/keycloak.ts'
import { startMlflow } from '../../infra/parts/mlflow.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { startGateway } from '../kit.ts'
import { type Eavesdropper, startEavesdropper } from './eavesdropper.ts'

/** Gateway, issuer, Airflow and, where wanted, MLflow, all on loopback. */
export interface World {
  /** The gateway's public URL. */
  readonly url: string
  /** Issuer identifier. */
  readonly issuer: string
  readonly airflow: Airflow
  /** Reads what passes between the gateway and Airflow. */
  readonly eavesdropper: Eavesdropper
  close(): Promise<void>
}

export interface WorldOptions {
  readonly login: 'assertion' | 'fab'
  /** Scheduler, dag-processor and MLflow too. */
  readonly runs: boolean
  /** Default: the embedded one. */
  readonly issuer?: 'embedded' | 'keycloak'
}

/** Shared by the gateway and the auth manager. FAB has no such proof. */
const REQUEST_SECRET = 'a request secret of the tests, 32 or more'

const folder = (...names: string[]) => join(checkout, ...names)

export async function startWorld({ login, runs, issuer: kind = 'embedded' }: WorldOptions): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'airflow-world-'))
  const closing: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })]
  const close = async () => {
    for (const each of closing.toReversed()) await each()
  }
  try {
    const port = await freePort()
    const url = `http://localhost:${port}`
    const issuer = await (kind === 'keycloak'
      ? startKeycloak({ gatewayUrl: url })
      : startIssuer({ host: 'localhost', gatewayUrls: [url] }))
    closing.push(() => issuer.close())
    const [airflow, mlflow] = await Promise.all([
      startAirflow({ ...airflowOptions(url, issuer.url, login), dir: join(dir, 'airflow'), runs }),
      runs ? startMlflow({ dir: join(dir, 'mlflow') }) : undefined,
    ])
    closing.push(() => airflow.close())
    if (mlflow) closing.push(() => mlflow.close())
    const eavesdropper = await startEavesdropper(airflow.url)
    closing.push(() => eavesdropper.close())
    const settings = { login, ...(login === 'assertion' && { requestSecret: REQUEST_SECRET }) }
    const routes = [
      { name: 'airflow', app: 'airflow', path: '/airflow', access: 'member', airflow: settings },
      ...(mlflow ? [{ name: 'mlflow', app: 'mlflow', path: '/mlflow', upstream: mlflow.url, access: 'project' }] : []),
    ]
    const upstream = eavesdropper.url
    const gateway = await startGateway({ port, host: 'localhost', issuerUrl: issuer.url, upstream, routes })
    closing.push(() => gateway.close())
    return { url, issuer: issuer.url, airflow, eavesdropper, close }
  } catch (error) {
    await close()
    throw error
  }
}

function airflowOptions(gatewayUrl: string, issuer: string, login: 'assertion' | 'fab') {
  const bundle = (name: string, team: string, ...path: string[]) => ({ name, path: folder(...path), team })
  return {
    gatewayUrl,
    path: '/airflow',
    login,
    ...(login === 'fab' && { fabGroups: { 'project-alpha': 'alpha', 'project-beta': 'beta' } }),
    bundles: [
      bundle('alpha', ALPHA, 'test', 'airflow', 'dags', 'alpha'),
      bundle('beta', BETA, 'test', 'airflow', 'dags', 'beta'),
      bundle('alpha-examples', ALPHA, 'infra', 'airflow', 'dags'),
    ],
    env: {
      AIRFLOW__MODELOPS_GATEWAY__OIDC_ISSUER: issuer,
      ...(login === 'assertion' && { AIRFLOW__MODELOPS_GATEWAY__REQUEST_SECRET: REQUEST_SECRET }),
      OIDC_ISSUER: issuer,
      OIDC_CLIENT_ID: AIRFLOW_CLIENT.id,
      OIDC_CLIENT_SECRET: AIRFLOW_CLIENT.secret,
      MODELOPS_GATEWAY: gatewayUrl,
      MODELOPS_PROJECT: ALPHA,
      MODELOPS_CLIENT_ID: CI_CLIENT.id,
      MODELOPS_CLIENT_SECRET: CI_CLIENT.secret,
    },
  }
}
