#!/usr/bin/env node
import { createProgram } from './program.ts'
import { reportError } from './report-error.ts'

// Without `await` at the top level, `require` can load this module: bin/modelops-gateway.cjs does.
createProgram()
  .parseAsync()
  .catch((error: unknown) => {
    process.exitCode = reportError(error)
  })
