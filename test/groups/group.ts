import { globSync } from 'node:fs'
import { suite } from 'node:test'
import { pathToFileURL } from 'node:url'

/**
 * Runs test files in this process, each as a suite of its own, so that its hooks are hooks of the file alone. A process for
 * each file would take most of the time of short tests: it loads the same modules again.
 */
export function group(...patterns: readonly string[]): void {
  for (const file of globSync(patterns).sort()) {
    suite(file, async () => {
      await import(pathToFileURL(file).href)
    })
  }
}
