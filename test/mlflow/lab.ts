import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { stringify } from 'yaml'
import type { Mlflow } from '../../infra/parts/mlflow.ts'
import { type MlflowRelease, startRelease } from '../../infra/parts/mlflow-release.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { parseConfig } from '../../src/gateway/config/load.ts'
import { startServer } from '../../src/gateway/runtime/start.ts'
import { type BackendKind, startBackends } from './backends.ts'
import type { Database } from './database.ts'
import { startTokenIssuer, type TokenIssuer } from './token-issuer.ts'

/** alice administers, bob writes in alpha, dave reads in alpha, carol writes in beta. */
export const ALPHA = '11111111-1111-4111-8111-111111111111'
export const BETA = '22222222-2222-4222-8222-222222222222'
const GROUPS = { alice: ['admins'], bob: ['project-alpha'], carol: ['project-beta'], dave: ['alpha-readers'] }
export type User = keyof typeof GROUPS

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The text as JSON; an empty object when it is none. */
  readonly json: Record<string, unknown>
  /** A value deep in the JSON by its names, e.g. `run.info.run_id`; as text. */
  pick(path: string): string
}

/** One way to reach MLflow: as somebody, in a project, with or without the gateway. */
export interface Door {
  readonly url: string
  readonly headers: Record<string, string>
  /** Environment of the Python client. */
  readonly env: Record<string, string>
  /** @param line e.g. `POST /api/2.0/mlflow/runs/create`; @param body an object is sent as JSON */
  ask(line: string, body?: object | string | Buffer, headers?: Record<string, string>): Promise<Reply>
}

export interface Lab {
  readonly dir: string
  readonly mlflow: Mlflow
  readonly database: Database
  /** What the gateway logged. */
  readonly log: readonly Record<string, unknown>[]
  /** Straight to MLflow, as whoever can reach it; undefined: without naming a workspace. */
  direct(project?: string): Door
  /** Through the gateway; undefined: without naming a project. */
  through(user: User, project?: string, route?: 'mlflow' | 'second'): Promise<Door>
  close(): Promise<void>
}

export interface LabOptions {
  /** Default: `files`. */
  readonly backends?: BackendKind
  /** More of the first route, e.g. `transfers`. */
  readonly route?: object
  /** Default: the pinned one. */
  readonly release?: MlflowRelease
  /** Environment of MLflow. */
  readonly env?: Record<string, string>
  /** Whether MLflow has workspaces; default true. */
  readonly workspaces?: boolean
  /** `routes[].mlflow` of a second route, `/second`, to the same MLflow. */
  readonly second?: (upstream: string) => object
}

/** Starts an MLflow, and a gateway in front of it. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const { release = '3.17', workspaces = true } = options
  const dir = await mkdtemp(join(tmpdir(), 'mlflow-lab-'))
  const backends = await startBackends(options.backends ?? 'files', dir)
  const env = { ...backends.options.env, ...options.env }
  const [mlflow, issuer] = await Promise.all([
    startRelease(release, { ...backends.options, dir, workspaces, env }),
    startTokenIssuer(),
  ]).catch(async (error: unknown) => {
    await backends.close()
    throw error
  })
  const database = await backends.open()
  const config = labConfig(release, mlflow.url, issuer, await freePort(), options)
  const log: Record<string, unknown>[] = []
  const gateway = await startServer(config, {
    log: pino({ level: 'info' }, { write: (line) => void log.push(JSON.parse(line)) }),
  })
  return {
    dir,
    mlflow,
    database,
    log,
    direct: (project) =>
      door(
        mlflow.url,
        // The server closes an idle connection at the moment that the next request is sent on it.
        { connection: 'close', ...(project && { 'X-MLFLOW-WORKSPACE': project }) },
        { ...(project && { MLFLOW_WORKSPACE: project }) },
      ),
    async through(user, project, route = 'mlflow') {
      const token = await issuer.tokenFor(user, GROUPS[user])
      return door(
        `http://${gateway.address}/${route}`,
        { authorization: `Bearer ${token}`, ...(project && { 'AOA-Project-ID': project }) },
        { MLFLOW_TRACKING_TOKEN: token, ...(project && { MLFLOW_WORKSPACE: project }) },
      )
    },
    async close() {
      await gateway.close()
      await Promise.all([mlflow.close(), issuer.close(), database.close()])
      await backends.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

function labConfig(
  release: MlflowRelease,
  upstream: string,
  issuer: TokenIssuer,
  port: number,
  { route: more, ...options }: LabOptions,
) {
  const listen = `127.0.0.1:${port}`
  const second = options.second?.(upstream)
  const route = (name: string, mlflow: object) => ({
    name,
    app: 'mlflow',
    path: `/${name}`,
    upstream,
    access: 'project',
    mlflow,
  })
  const config = {
    server: { listen, publicUrl: `http://${listen}`, drainSeconds: 1 },
    issuer: { url: issuer.url, clientId: 'gateway', clientSecret: 'secret-of-this-test' },
    session: { secrets: ['k3Zr9vQ1xW7tY5uB2nM8aS4dF6gH0jL!'] },
    access: { adminGroup: 'admins' },
    projects: {
      source: 'static',
      list: [
        { id: ALPHA, name: 'alpha', groups: ['project-alpha'], viewerGroups: ['alpha-readers'] },
        { id: BETA, name: 'beta', groups: ['project-beta'] },
      ],
    },
    routes: [{ ...route('mlflow', { version: release }), ...more }, ...(second ? [route('second', second)] : [])],
  }
  return parseConfig(stringify(config), 'test', {})
}

function door(url: string, headers: Record<string, string>, env: Record<string, string>): Door {
  return {
    url,
    headers,
    env: { MLFLOW_TRACKING_URI: url, ...env },
    async ask(line, body, more = {}) {
      const [method = '', path = ''] = line.split(' ')
      const isRaw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body)
      const response = await fetch(url + path, {
        method,
        headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }), ...more },
        ...(body !== undefined && { body: isRaw ? body : JSON.stringify(body) }),
        redirect: 'manual',
      })
      const text = await response.text()
      const json = asJson(text)
      return { status: response.status, headers: response.headers, text, json, pick: (path) => pickFrom(json, path) }
    },
  }
}

function pickFrom(json: unknown, path: string): string {
  const value = path.split('.').reduce((found, name) => Object(found)[name], json)
  if (value === undefined) throw new Error(`no ${path} in ${JSON.stringify(json)}`)
  return String(value)
}

function asJson(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
