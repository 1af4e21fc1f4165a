import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { JUPYTERHUB_CLIENT } from '../../infra/issuer/clients.ts'
import { type Background, startBackground } from '../../infra/parts/background.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { codeBlocks } from '../unit/infra/docs/pages.ts'
import type { World } from './world.ts'

/** A real JupyterHub with the configuration of the guide. */
export interface Hub extends Background {
  readonly url: string
  /** Token of a service that may start servers and use them, in place of clicks in the pages of Jupyter. */
  readonly serviceToken: string
}

const [CONFIG = '', STARTUP = ''] = codeBlocks(readFileSync('docs/guides/clients/jupyter.md', 'utf8'), 'python')

export async function startHub(world: World): Promise<Hub> {
  const [port, hubPort, apiPort] = [await freePort(), await freePort(), await freePort()]
  const url = `http://127.0.0.1:${port}`
  const dir = join(world.dir, 'hub')
  const ipython = join(dir, 'ipython', 'profile_default', 'startup')
  mkdirSync(ipython, { recursive: true })
  // Tokens of the test live for seconds.
  writeFileSync(join(ipython, 'modelops.py'), STARTUP.replace('time.sleep(30)', 'time.sleep(2)'))
  const serviceToken = crypto.randomUUID()
  const config = join(dir, 'jupyterhub_config.py')
  writeFileSync(
    config,
    CONFIG.replaceAll('https://sso.example', world.issuer.url)
      .replace('https://hub.example', url)
      .replace('https://o.example', world.url)
      .replace('auth_refresh_age = 30', 'auth_refresh_age = 1')
      .concat(`
# Of the test: loopback, no system users, and a service in place of clicks.
c.JupyterHub.bind_url = "${url}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:${hubPort}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:${apiPort}"
c.JupyterHub.spawner_class = "simple"
c.Spawner.environment = {"IPYTHONDIR": "${join(dir, 'ipython')}", "MLFLOW_DISABLE_TELEMETRY": "true"}
c.Spawner.args = ["--allow-root"]
c.Spawner.http_timeout = 120
c.Spawner.start_timeout = 120
c.JupyterHub.services = [{"name": "clicks", "api_token": "${serviceToken}"}]
c.JupyterHub.load_roles.append({"name": "clicks", "scopes": ["servers", "access:servers"], "services": ["clicks"]})
`),
  )
  const background = await startBackground({
    name: 'JupyterHub',
    command: join(world.bin, 'jupyterhub'),
    args: ['--config', config],
    cwd: dir,
    logFile: join(dir, 'hub.log'),
    env: {
      PATH: `${world.bin}${delimiter}${process.env.PATH ?? ''}`,
      OIDC_CLIENT_SECRET: JUPYTERHUB_CLIENT.secret,
      JUPYTERHUB_CRYPT_KEY: '0123456789abcdef'.repeat(4),
      OAUTHLIB_INSECURE_TRANSPORT: '1',
    },
    readyUrl: `${url}/hub/health`,
    readySeconds: 120,
  })
  return { ...background, url, serviceToken }
}
