import type { ConfigurationError } from '../../shared/settings/field-errors.ts'
import { type CheckError, type LoadOptions, parseSettings, settingsError } from '../../shared/settings/load-settings.ts'
import { readSettingsFile } from '../../shared/settings/read-file.ts'
import { stepUpWarnings } from './checks/step-up.ts'
import { crossChecks } from './checks.ts'
import { type Config, configSchema } from './schema.ts'

/**
 * Reads, completes, validates and freezes a configuration.
 * @throws ConfigurationError with all errors
 */
export function loadConfig(file: string, env: NodeJS.ProcessEnv = process.env, options: LoadOptions = {}): Config {
  return parseConfig(readSettingsFile(file), file, env, options)
}

/** The same for a text already read; `file` names it in messages, and relative paths start at its folder. */
export function parseConfig(
  text: string,
  file: string,
  env: NodeJS.ProcessEnv = process.env,
  options: LoadOptions = {},
): Config {
  const config = parseSettings({ schema: configSchema, checks: crossChecks }, text, file, env, options)
  for (const { path, expected, got, hint } of stepUpWarnings(config))
    options.warn?.(`${path}: expected ${expected}, got ${got}. ${hint}`)
  return config
}

/** Errors of a valid configuration that came to light elsewhere, with their places in the file. */
export function configError(file: string, errors: readonly CheckError[]): ConfigurationError {
  return settingsError(configSchema, readSettingsFile(file), file, errors)
}
