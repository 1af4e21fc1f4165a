import { Command } from 'commander'
import { basicAuthCommand } from './basic-auth.ts'

/** `migrate`: from an application's own access control to that of the gateway. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description("move from an application's own access control")
    .addCommand(basicAuthCommand())
}
