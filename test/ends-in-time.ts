import { after } from 'node:test'

/**
 * Loaded before each test file of a tier. A file whose hook failed before it could note what it started would wait for
 * that until the end of the tier: it exits with what is still open instead.
 */
const GRACE_MS = 30_000

// The runner itself loads this module too. Only the processes of its files have tests.
if (process.env.NODE_TEST_CONTEXT !== undefined)
  after(() => {
    const exit = () => {
      process.stderr.write(`tests have ended, still open: ${process.getActiveResourcesInfo().join(', ')}\n`)
      process.exit(1)
    }
    setTimeout(exit, GRACE_MS).unref()
  })
