import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBasicAuthMlflow } from '../../infra/parts/mlflow-auth.ts'

const ADMIN = 'root'
export const passwordOf = (user: string) => `${user}-password-of-the-old-days`

export interface BasicAuthServer {
  ini: string
  database: string
  dir: string
  /** Asks MLflow as a user, with the workspace's header. */
  ask(user: string, workspace: string, method: string, path: string, body?: object): Promise<Response>
  /** The same as the administrator; fails when MLflow does. */
  asAdmin<Answer>(workspace: string, method: string, path: string, body?: object): Promise<Answer>
  close(): Promise<void>
}

/** A real MLflow with its basic-auth app, empty but for its administrator `root`. */
export async function startOldServer(defaultPermission: string, workspaces: boolean): Promise<BasicAuthServer> {
  const dir = mkdtempSync(join(tmpdir(), 'basic-auth-'))
  const ini = join(dir, 'basic_auth.ini')
  const database = join(dir, 'basic_auth.db')
  const lines = [
    '[mlflow]',
    `default_permission = ${defaultPermission}`,
    `database_uri = sqlite:///${database}`,
    `admin_username = ${ADMIN}`,
    `admin_password = ${passwordOf(ADMIN)}`,
    'auth_cache_ttl_seconds = 60', // scrypt on every request would be most of the test
  ]
  writeFileSync(ini, `${lines.join('\n')}\n`)
  const mlflow = await startBasicAuthMlflow({ dir, ini, workspaces })

  const ask: BasicAuthServer['ask'] = (user, workspace, method, path, body) =>
    fetch(`${mlflow.url}/api/${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${user}:${passwordOf(user)}`).toString('base64')}`,
        ...(workspaces ? { 'x-mlflow-workspace': workspace } : {}),
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  async function asAdmin<Answer>(workspace: string, method: string, path: string, body?: object): Promise<Answer> {
    const response = await ask(ADMIN, workspace, method, path, body)
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return JSON.parse(text)
  }
  const close = async () => {
    await mlflow.close()
    rmSync(dir, { recursive: true, force: true })
  }
  return { ini, database, dir, ask, asAdmin, close }
}
