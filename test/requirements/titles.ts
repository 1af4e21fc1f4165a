import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'

/** What may stand for the name of a test: a title, a row of a table of titles, a case of a fixture file. */
const isTitle = (line: string) => /\btest\(|^\s*fault: |^\s*\[|^\s*['"`].*['"`],$|^== | -> |^\s*['"`]/.test(line)

/** @throws AssertionError if the file does not exist, or no test in it has a name that contains `name` */
export function assertHasTest(file: string, name: string): void {
  assert.ok(existsSync(file), `no file ${file}`)
  const titles = readFileSync(file, 'utf8').split('\n').filter(isTitle)
  assert.ok(
    titles.some((line) => line.includes(name)),
    `no test "${name}" in ${file}`,
  )
}
