/** Something the person at the terminal can act on: printed as one line, without a stack. Holds no secret. */
export class CliError extends Error {
  readonly exitCode: number

  constructor(message: string, options: ErrorOptions & { exitCode?: number } = {}) {
    super(message, options)
    this.name = 'CliError'
    this.exitCode = options.exitCode ?? 1
  }
}
