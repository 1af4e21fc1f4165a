import { join } from 'node:path'
import { GATEWAY_CLIENT } from '../issuer/clients.ts'
import { ALPHA, BETA } from '../issuer/users.ts'
import { type Background, startBackground } from '../parts/background.ts'
import { checkout } from '../parts/directories.ts'
import type { DemoSettings } from './settings.ts'

/** The projects of config/demo.yaml, which the core API stores as well. */
const PROJECTS = [
  { id: ALPHA, name: 'alpha', groups: ['project-alpha'] },
  { id: BETA, name: 'beta', groups: ['project-beta'] },
]

/** Starts the core API behind the gateway's `/core` and creates missing projects. */
export async function startDemoCore(settings: DemoSettings, gatewayUrl: string, issuerUrl: string) {
  const url = `http://127.0.0.1:${settings.corePort}`
  const core: Background = await startBackground({
    name: 'The core API',
    command: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      join(checkout, 'src', 'cli', 'main.ts'),
      ...['core', '--config', join(checkout, 'config', 'demo-core.yaml')],
    ],
    env: {
      DEMO_CORE_PORT: String(settings.corePort),
      DEMO_GATEWAY_URL: gatewayUrl,
      DEMO_ISSUER_URL: issuerUrl,
      DEMO_DIRECTORY: settings.directory,
      AOA_CONN_ENCRYPTION_TOKEN: settings.encryptionToken,
    },
    logFile: join(settings.directory, 'core.log'),
    readyUrl: `${url}/readyz`,
    readySeconds: 30,
  })
  try {
    await seedProjects(url, await serviceToken(issuerUrl))
  } catch (error) {
    await core.close()
    throw error
  }
  return core
}

async function seedProjects(coreUrl: string, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  for (const project of PROJECTS) {
    const known = await fetch(`${coreUrl}/api/projects/${project.id}`, { headers })
    if (known.ok) continue
    const body = JSON.stringify(project)
    const created = await fetch(`${coreUrl}/api/projects`, { method: 'POST', headers, body })
    if (!created.ok)
      throw new Error(`The core API rejected project ${project.name}: ${created.status} ${await created.text()}`)
  }
}

/** A token of the gateway's own client, which is one of the core API's service users. */
async function serviceToken(issuerUrl: string): Promise<string> {
  const { id, secret } = GATEWAY_CLIENT
  const response = await fetch(`${issuerUrl}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const { access_token: token } = (await response.json()) as { access_token?: string }
  if (token === undefined) throw new Error(`The issuer issued no token for ${id}: status ${response.status}`)
  return token
}
