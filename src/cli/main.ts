#!/usr/bin/env node
import { Command } from 'commander'
import { ConfigurationError } from '../shared/settings/field-errors.ts'
import { checkCommand } from './check.ts'
import { CliError } from './cli-error.ts'
import { coreCommand } from './core.ts'
import { explainCommand } from './explain.ts'
import { jobEnvCommand } from './job-env.ts'
import { envCommand, loginCommand, logoutCommand, tokenCommand } from './login/commands.ts'
import { migrateCommand } from './migrate/command.ts'
import { schemaCommand } from './schema.ts'
import { serveCommand } from './serve.ts'

const program = new Command('modelops-gateway')
  .description(
    'OAuth2/OIDC reverse-proxy gateway for MLflow, Airflow and a core REST API, with authorization per project',
  )
  .showHelpAfterError()
  .addCommand(serveCommand())
  .addCommand(checkCommand())
  .addCommand(explainCommand())
  .addCommand(schemaCommand())
  .addCommand(loginCommand())
  .addCommand(tokenCommand())
  .addCommand(logoutCommand())
  .addCommand(envCommand())
  .addCommand(migrateCommand())
  .addCommand(coreCommand())
  .addCommand(jobEnvCommand())

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

/** What a person can act on is one line each, without a stack. */
function report(error: unknown): number {
  if (error instanceof ConfigurationError) {
    console.error(error.report())
    if (error.errors.length > 1) console.error(`\n${error.errors.length} errors in ${error.file}`)
    return 1
  }
  if (error instanceof CliError) {
    console.error(error.message)
    return error.exitCode
  }
  console.error(error)
  return 70
}
