/** Where in a file, counted from 1; `length` in characters. */
export interface Position {
  readonly line: number
  readonly column: number
  readonly length: number
}

/** One error in the configuration. No member ever contains the value of a secret. */
export interface FieldError {
  /** Dotted path of the key, e.g. `routes.0.upstream`; empty for the whole file. */
  readonly path: string
  readonly expected: string
  readonly got: string
  /** What to do next. */
  readonly hint?: string
  readonly position?: Position
}

/** All errors of a configuration. */
export class ConfigurationError extends Error {
  readonly file: string
  readonly errors: readonly FieldError[]
  readonly #excerpt: (position: Position) => string | undefined

  /** @param excerpt Shows the line of an error without any secret */
  constructor(
    file: string,
    errors: readonly FieldError[],
    excerpt: (position: Position) => string | undefined = () => undefined,
  ) {
    super(errors.map((error) => `${placeOf(file, error)}: ${formatFieldError(error)}`).join('\n'))
    this.name = 'ConfigurationError'
    this.file = file
    this.errors = errors
    this.#excerpt = excerpt
  }

  /** For a terminal: each error with its line in the file. */
  report(): string {
    return this.errors.map((error) => this.#reportOne(error)).join('\n\n')
  }

  #reportOne(error: FieldError): string {
    const { path, expected, got, hint, position } = error
    const lines = [
      `${placeOf(this.file, error)}${path || position ? `: ${path || 'syntax error'}` : ''}`,
      ...(position ? [this.#excerpt(position)] : []),
      `  expected: ${expected}`,
      `  received: ${got}`,
      ...(hint === undefined ? [] : [`  ${hint}`]),
    ]
    return lines.filter((line) => line !== undefined).join('\n')
  }
}

const placeOf = (file: string, { position }: FieldError) =>
  position ? `${file}:${position.line}:${position.column}` : file

/** One line. */
export const formatFieldError = ({ path, expected, got, hint }: FieldError) =>
  `${path || '(file)'}: expected ${expected}, got ${got}${hint === undefined ? '' : `. ${hint}`}`
