import { Command } from 'commander'
import { packageVersion } from '../gateway/runtime/package-version.ts'
import { auditCommand } from './audit/command.ts'
import { checkCommand } from './check/command.ts'
import { configCommand } from './config/command.ts'
import { coreCommand } from './core.ts'
import { doctorCommand } from './doctor/command.ts'
import { explainCommand } from './explain.ts'
import { initCommand } from './init/command.ts'
import { jobEnvCommand } from './job-env.ts'
import { envCommand, loginCommand, logoutCommand, tokenCommand } from './login/commands.ts'
import { projectsCommand, whoamiCommand } from './login/session-commands.ts'
import { migrateCommand } from './migrate/command.ts'
import { schemaCommand } from './schema.ts'
import { serveCommand } from './serve.ts'

/** The command line with all of its commands. */
export function createProgram(): Command {
  return new Command('modelops-gateway')
    .description(
      'OAuth2/OIDC reverse-proxy gateway for MLflow, Airflow and a core REST API, with authorization per project',
    )
    .version(packageVersion(), '--version', 'print the version')
    .showHelpAfterError()
    .addCommand(initCommand())
    .addCommand(serveCommand())
    .addCommand(checkCommand())
    .addCommand(doctorCommand())
    .addCommand(explainCommand())
    .addCommand(schemaCommand())
    .addCommand(loginCommand())
    .addCommand(tokenCommand())
    .addCommand(whoamiCommand())
    .addCommand(projectsCommand())
    .addCommand(logoutCommand())
    .addCommand(envCommand())
    .addCommand(migrateCommand())
    .addCommand(configCommand())
    .addCommand(coreCommand())
    .addCommand(jobEnvCommand())
    .addCommand(auditCommand())
    .addCommand(new Command('version').description('print the version').action(() => console.log(packageVersion())))
}
