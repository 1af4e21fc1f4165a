import { ConfigurationError } from '../shared/settings/field-errors.ts'
import { StartError } from '../shared/start-error.ts'
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
  if (error instanceof StartError) {
    console.error(error.message)
    return 1
  }
  if (error instanceof CliError) {
    console.error(error.message)
    return error.exitCode
  }
  console.error(stackOf(error))
  return INTERNAL_ERROR
}

/** Stacks alone: other properties of an error may contain secrets, such as the `input` of a URL that cannot be parsed. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return `unknown error: ${typeof error}`
  const { stack = error.name, cause } = error
  return cause === undefined ? stack : `${stack}\ncaused by ${stackOf(cause)}`
}
