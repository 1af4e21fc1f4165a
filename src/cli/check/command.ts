import { existsSync } from 'node:fs'
import { Command, Option } from 'commander'
import { teamNameErrors } from '../../gateway/config/checks/projects.ts'
import { configError, loadConfig } from '../../gateway/config/load.ts'
import type { Config } from '../../gateway/config/schema.ts'
import { loadKeySetFile } from '../../gateway/issuer/keys/file-keys.ts'
import { loadProjectsFile } from '../../gateway/projects/file.ts'
import { loadPictures } from '../../gateway/signin/pictures.ts'
import { CliError } from '../cli-error.ts'
import { noSecretsOption, offlineOption, warnOf } from '../load-options.ts'
import { onlineErrors, onlineWarnings } from './online.ts'
import { ruleWarnings } from './rules.ts'
import { upstreamNotes } from './upstreams.ts'

interface Options {
  config: string
  online?: boolean
  secrets: boolean
}

/** `check`: all errors of a configuration; `--online` checks issuer, store and upstreams as well. */
export function checkCommand(): Command {
  return new Command('check')
    .description('check a configuration; exit code 0: valid, 1: all errors are printed')
    .requiredOption('--config <file>', 'configuration (YAML)')
    .addOption(
      new Option('--online', 'also check the issuer, the session store and the upstreams').conflicts('offline'),
    )
    .addOption(offlineOption('contact no server (the default)'))
    .addOption(noSecretsOption())
    .action(async ({ config: file, online = false, secrets }: Options) => {
      if (online && !secrets) throw new CliError('--online: expected the secrets; leave out --no-secrets')
      const config = loadConfig(file, process.env, { warn: warnOf(file), withoutSecrets: !secrets })
      for (const { jwksFile } of config.issuer.additional)
        if (jwksFile !== undefined && (secrets || existsSync(jwksFile))) loadKeySetFile(jwksFile)
      if (secrets || brandingFiles(config).every((path) => existsSync(path))) loadPictures(config.portal)
      const errors = [...fileErrors(config, secrets), ...(online ? await onlineErrors(config) : [])]
      if (errors.length > 0) throw configError(file, errors)
      const warnings = [...ruleWarnings(config), ...(online ? await onlineWarnings(config) : [])]
      if (warnings.length > 0) console.error(`Warnings:\n${configError(file, warnings).report()}`)
      console.log(summary(file, config, online))
      for (const note of online ? await upstreamNotes(config) : []) console.log(note)
    })
}

const brandingFiles = ({ portal: { branding } }: Config): string[] =>
  [branding.logo, branding.icon].filter((path) => path !== undefined)

/** The projects file, as far as it is there. @throws ConfigurationError with the errors of the file itself */
function fileErrors({ projects, routes }: Config, required: boolean) {
  if (projects.source !== 'file' || !(required || existsSync(projects.path))) return []
  return teamNameErrors(loadProjectsFile(projects.path), projects.path, routes)
}

function summary(file: string, { routes, issuer, session, projects }: Config, online: boolean): string {
  const count = `${routes.length} ${routes.length === 1 ? 'route' : 'routes'}`
  const source = projects.source === 'file' ? projects.path : projects.source
  const store = session.store.startsWith('redis') ? 'Redis' : session.store
  const what = online
    ? `issuer, store and ${upstreams(routes.length)} are reachable`
    : 'no server was contacted (--online does)'
  return `${file}: configuration is valid; ${what}.\n${count}, issuer ${issuer.url}, projects: ${source}, sessions: ${store}`
}

const upstreams = (count: number) => (count === 1 ? '1 upstream' : `${count} upstreams`)
