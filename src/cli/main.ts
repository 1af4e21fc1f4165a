#!/usr/bin/env node
import { createProgram } from './program.ts'
import { endWithReader } from './reader-gone.ts'
import { reportError } from './report-error.ts'

for (const output of [process.stdout, process.stderr]) endWithReader(output, process.exit)

// Without `await` at the top level, `require` can load this module: bin/modelops-gateway.cjs does.
createProgram(process.argv[2])
  .then((program) => program.parseAsync())
  .catch((error: unknown) => {
    process.exitCode = reportError(error)
  })
