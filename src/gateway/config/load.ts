import { parseSettings, readSettingsFile } from '../../shared/settings/load-settings.ts'
import { crossChecks } from './checks.ts'
import { type Config, configSchema } from './schema.ts'

/**
 * Reads, fills in, validates and freezes a configuration.
 * @throws ConfigurationError with every fault at once
 */
export function loadConfig(file: string, env: NodeJS.ProcessEnv = process.env): Config {
  return parseConfig(readSettingsFile(file), file, env)
}

/** The same for a text already read; `file` names it in messages and is where relative paths start. */
export function parseConfig(text: string, file: string, env: NodeJS.ProcessEnv = process.env): Config {
  return parseSettings({ schema: configSchema, checks: crossChecks }, text, file, env)
}
