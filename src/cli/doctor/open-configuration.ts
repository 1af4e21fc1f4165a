import { loadConfig } from '../../gateway/config/load.ts'
import { type Config, configSchema } from '../../gateway/config/schema.ts'
import { ConfigurationError, type FieldError } from '../../shared/settings/field-errors.ts'
import { parseSettings } from '../../shared/settings/load-settings.ts'
import { readSettingsFile } from '../../shared/settings/read-file.ts'
import { type Finding, failed, ok, warning } from './finding.ts'

/** The configuration, as far as it can be used, and what is wrong with it. */
export interface OpenedConfiguration {
  /** Undefined: nothing that it names can be checked. */
  readonly config: Config | undefined
  readonly hasSecrets: boolean
  readonly findings: readonly Finding[]
}

/**
 * Reads the configuration. Checks of servers can still run where values are wrong together but valid by themselves, and
 * where variables or files of the gateway's machine are not available here.
 */
export function openConfiguration(file: string, env: NodeJS.ProcessEnv): OpenedConfiguration {
  const warnings: Finding[] = []
  const warn = (message: string) => void warnings.push(warning(message, 'The key has a new name.', 'Use the new name.'))
  try {
    const config = loadConfig(file, env, { warn })
    const count = config.routes.length
    const text = `${file} is valid: ${count} ${count === 1 ? 'route' : 'routes'}, projects: ${config.projects.source}`
    return { config, hasSecrets: true, findings: [ok(text), ...warnings] }
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    const findings = [...error.errors.map((each) => fieldFinding(file, each)), ...warnings]
    return { ...usable(file, env), findings }
  }
}

function usable(file: string, env: NodeJS.ProcessEnv): Omit<OpenedConfiguration, 'findings'> {
  for (const withoutSecrets of [false, true]) {
    const config = withoutCrossChecks(file, env, withoutSecrets)
    if (config !== undefined) return { config, hasSecrets: !withoutSecrets }
  }
  return { config: undefined, hasSecrets: false }
}

function withoutCrossChecks(file: string, env: NodeJS.ProcessEnv, withoutSecrets: boolean): Config | undefined {
  try {
    return parseSettings({ schema: configSchema, checks: () => [] }, readSettingsFile(file), file, env, {
      withoutSecrets,
    })
  } catch (error) {
    if (error instanceof ConfigurationError) return undefined
    throw error
  }
}

function fieldFinding(file: string, { path, expected, got, hint, position }: FieldError): Finding {
  const place = position === undefined ? file : `${file}:${position.line}`
  const text = `${place}: ${path === '' ? '' : `${path}: `}expected ${expected}, received ${got}`
  return failed(text, causeOf(got), hint ?? 'Correct the value. `modelops-gateway schema` describes every key.')
}

const causeOf = (got: string) =>
  /not set|ENOENT|EACCES|no such file/.test(got)
    ? 'The variable or file exists only where the gateway runs, or its name is misspelled.'
    : 'The value is misspelled, or does not fit the other values.'
