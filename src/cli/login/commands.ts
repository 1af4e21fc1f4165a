import { Command, Option } from 'commander'
import * as oidc from 'openid-client'
import { systemClock } from '../../shared/clock.ts'
import { CliError } from '../cli-error.ts'
import { browserFlow, openBrowser } from './browser-flow.ts'
import { airflowEnv, type ClientEnv, mlflowEnv, projectId, routeUrl } from './client-env.ts'
import { configDir } from './config-dir.ts'
import { deviceFlow } from './device-flow.ts'
import { chooseGateway, freshSignIn } from './fresh-token.ts'
import { discover, gatewayOrigin, loadClientConfig } from './gateway.ts'
import { parseShell, SHELLS, type Shell, shellExports } from './shell-exports.ts'
import { signInFrom } from './sign-in.ts'
import { TokenCache } from './token-cache.ts'

/** For the user, on stderr: stdout is for programs. */
const say = (line: string): void => void process.stderr.write(`${line}\n`)

export const gatewayOption = () =>
  new Option('--gateway <url>', 'URL of the gateway (default: the last one you signed in to)')
    .env('MODELOPS_GATEWAY')
    .argParser(gatewayOrigin)

/** `login`: signs the user in and keeps the tokens in the user's configuration directory. */
export function loginCommand(): Command {
  return new Command('login')
    .description('sign in at a terminal, with a device code or the browser of this machine')
    .addOption(gatewayOption())
    .option('--browser', 'use the browser of this machine instead of a device code')
    .option('--no-open', 'with --browser: print the URL, open nothing')
    .action(async (options: { gateway?: string; browser?: boolean; open: boolean }) => {
      const cache = new TokenCache(configDir())
      const gateway = chooseGateway(await cache.load(), options.gateway)
      const { issuer, client_id: clientId, scopes } = await loadClientConfig(gateway)
      if (clientId === undefined) {
        throw new CliError(
          `${gateway} does not offer sign-in at a terminal. Ask its administrator to set issuer.cliClientId.`,
        )
      }
      const configuration = await discover(issuer, clientId)
      const scope = scopes.join(' ')
      const tokens = options.browser
        ? await browserFlow(configuration, scope, (url) => showUrl(url, options.open))
        : await deviceFlow(configuration, scope, say)
      const signIn = signInFrom(tokens, { issuer, clientId }, systemClock)
      await cache.update(async (previous) => ({
        ...previous,
        current: gateway,
        gateways: { ...previous.gateways, [gateway]: signIn },
      }))
      say(`Signed in to ${gateway} as ${signIn.username}.`)
    })
}

function showUrl(url: string, open: boolean): void {
  say(`To sign in, open ${url}`)
  if (open) openBrowser(url)
}

/** `token`: prints a fresh access token on stdout, and nothing else. */
export function tokenCommand(): Command {
  return new Command('token')
    .description('print a fresh access token and nothing else')
    .addOption(gatewayOption())
    .action(async (options: { gateway?: string }) => {
      const cache = new TokenCache(configDir())
      const gateway = chooseGateway(await cache.load(), options.gateway)
      const signIn = await freshSignIn(cache, gateway, systemClock)
      process.stdout.write(`${signIn.access_token}\n`)
    })
}

/** `logout`: deletes the tokens, then revokes the refresh token at the issuer (RFC 7009). */
export function logoutCommand(): Command {
  return new Command('logout')
    .description('delete the tokens and revoke them at the issuer')
    .addOption(gatewayOption())
    .action(async (options: { gateway?: string }) => {
      const cache = new TokenCache(configDir())
      const cached = await cache.load()
      const gateway = chooseGateway(cached, options.gateway)
      const signIn = cached.gateways[gateway]
      await cache.update(async ({ gateways, current, ...rest }) => {
        const { [gateway]: _ended, ...others } = gateways
        return { ...rest, ...(current === gateway || current === undefined ? {} : { current }), gateways: others }
      })
      if (signIn?.refresh_token === undefined) return say(`Signed out of ${gateway}.`)
      await revoke(signIn.issuer, signIn.client_id, signIn.refresh_token)
      say(`Signed out of ${gateway}.`)
    })
}

async function revoke(issuer: string, clientId: string, refreshToken: string): Promise<void> {
  try {
    const configuration = await discover(issuer, clientId)
    if (configuration.serverMetadata().revocation_endpoint === undefined) return
    await oidc.tokenRevocation(configuration, refreshToken, { token_type_hint: 'refresh_token' })
  } catch (error) {
    throw new CliError('The tokens are deleted on this machine, but could not be revoked at the issuer.', {
      cause: error,
    })
  }
}

interface EnvOptions {
  gateway?: string
  project?: string
  route?: string
  shell: Shell
  plugin?: boolean
}

/** `env`: prints shell exports for the clients of MLflow or Airflow, for `eval`. */
export function envCommand(): Command {
  const command = new Command('env').description("print the shell exports that an application's clients need")
  const application = (app: string, env: (options: EnvOptions) => Promise<ClientEnv>) =>
    command
      .command(app)
      .description(`eval "$(modelops-gateway env ${app} --project alpha)"`)
      .addOption(gatewayOption())
      .option('--project <name>', 'name or UUID of the project')
      .option('--route <name>', `the route, if the gateway has several to ${app}`)
      .option('--shell <shell>', SHELLS.join(', '), parseShell, 'posix')
      .action(async (options: EnvOptions) => {
        const { variables, hints } = await env(options)
        process.stdout.write(`${shellExports(variables, options.shell)}\n`)
        for (const hint of hints) say(hint)
      })
  application('mlflow', envForMlflow).option('--plugin', 'let modelops-gateway-mlflow fetch tokens; export none')
  application('airflow', envForAirflow)
  return command
}

async function envForMlflow(options: EnvOptions): Promise<ClientEnv> {
  if (options.project === undefined) throw new CliError('--project: expected a name or UUID, got nothing')
  const { gateway, token, config } = await signedIn(options.gateway)
  const project = await projectId(gateway, token, options.project)
  return mlflowEnv(gateway, routeUrl(config, 'mlflow', options.route), project, token, options.plugin ?? false)
}

async function envForAirflow(options: EnvOptions): Promise<ClientEnv> {
  const { gateway, token, config } = await signedIn(options.gateway)
  const project = options.project === undefined ? undefined : await projectId(gateway, token, options.project)
  return airflowEnv(gateway, routeUrl(config, 'airflow', options.route), project, token)
}

async function signedIn(named: string | undefined) {
  const cache = new TokenCache(configDir())
  const gateway = chooseGateway(await cache.load(), named)
  const { access_token: token } = await freshSignIn(cache, gateway, systemClock)
  return { gateway, token, config: await loadClientConfig(gateway) }
}
