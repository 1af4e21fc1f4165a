import { Command } from 'commander'
import { basicAuthCommand } from './basic-auth.ts'

/** `migrate`: from the access control that an application had of its own to the gateway's. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('move from an access control of an application')
    .addCommand(basicAuthCommand())
}
