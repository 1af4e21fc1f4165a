import { ConfigurationError } from '../shared/settings/field-errors.ts'
import { CliError } from './cli-error.ts'

/** EX_SOFTWARE of sysexits.h: an error in this program. */
const INTERNAL_ERROR = 70

/** Prints what the user can act on without a stack. @returns the exit code */
export function reportError(error: unknown): number {
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
  return INTERNAL_ERROR
}
