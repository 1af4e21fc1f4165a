import { InProcessRunner } from './in-process-runner.ts'
import { proseIgnorer } from './prose-ignorer.ts'

/** What Stryker reads from a plugin. */
export const strykerPlugins = [
  { kind: 'TestRunner', name: 'in-process', injectableClass: InProcessRunner },
  { kind: 'Ignore', name: 'prose', value: proseIgnorer },
]
