import { Command } from 'commander'
import { queryCommand } from './query.ts'
import { verifyCommand } from './verify.ts'

/** `audit`: reads the files of the audit trail. */
export function auditCommand(): Command {
  return new Command('audit')
    .description('read and verify the files of the audit trail')
    .addCommand(verifyCommand())
    .addCommand(queryCommand())
}
