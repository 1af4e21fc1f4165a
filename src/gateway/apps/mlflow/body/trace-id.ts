/**
 * Whether a trace's ID is one name. MLflow makes it a folder below the project's files without a check, and decodes it:
 * `../..` would lead to the files of another project.
 */
export const isPlainTraceId = (id: string): boolean => !/[/\\%?#\p{Cc}]/u.test(id) && id !== '.' && id !== '..'

/** The message for any other ID. */
export const PLAIN_TRACE_ID = 'expected the ID of a trace without /, \\, %, ?, # and control characters'
