/** 128 + SIGPIPE, as a shell reports a program that wrote to a closed pipe. */
const READER_GONE = 141

/**
 * Ends the program when whoever reads its output has ended, as in `audit query … | head`. Without it, Node reports the
 * closed pipe as an internal error with a stack.
 */
export function endWithReader(output: NodeJS.WritableStream, exit: (code: number) => void): void {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    exit(READER_GONE)
  })
}
