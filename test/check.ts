import { availableParallelism } from 'node:os'
import { report, runLanes } from './lanes.ts'
import type { Tier } from './tiers.ts'

/**
 * `npm run check`: what a change must pass before anything else, in two lanes. Each step is an npm script, and all run, so
 * that one run shows everything that fails.
 */
const MOST_LANES = 2

/** The longest first. Their minutes together are below those of the tier that runs all, which then needs to stop none. */
const STEPS: readonly Tier[] = [
  step('test:contract', 'contract tests, the command line and the core API'),
  step('test:unit', 'unit tests of the gateway'),
  step('types', 'TypeScript'),
  step('lint', 'format, lint, imports between rooms'),
]

function step(name: string, about: string): Tier {
  return { name, about, needs: [], run: { script: name }, minutes: 9 }
}

// For each lane. Many tests wait, so that more processes than cores leave enough to a test with a time limit.
process.env.TEST_PROCESSES = '4'
report(await runLanes(STEPS, Math.min(availableParallelism(), MOST_LANES)), (name) => `npm run ${name}`)
