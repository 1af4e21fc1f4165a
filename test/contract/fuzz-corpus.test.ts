import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { compareAll } from '../fuzz/engine/compare.ts'
import { readCorpus } from '../fuzz/engine/corpus.ts'
import type { FuzzTarget } from '../fuzz/engine/target.ts'
import { Oracles } from '../fuzz/oracles/oracles.ts'
import { pageRow } from '../fuzz/page-row.ts'
import { TARGET_NAMES } from '../fuzz/targets/names.ts'

/** The kept inputs of the fuzzer, without the fuzzer: every invariant holds, and Node's own parser reads the same. */

const oracles = new Oracles(['node'])
after(() => oracles.close())

for (const name of TARGET_NAMES) {
  test(`the kept inputs of ${name} break no invariant`, async () => {
    const { target } = (await import(`../fuzz/targets/${name}.ts`)) as { target: FuzzTarget }
    const inputs = [...target.seeds.map((seed) => Buffer.from(seed, 'latin1')), ...readCorpus(name)]
    let accepted = 0
    for (const input of inputs) if (await target.check(input)) accepted++
    assert.ok(accepted > 0, 'the gateway denies every input: the target tests nothing')
    const { disagreements } = await compareAll(target, inputs, oracles)
    assert.deepEqual(
      disagreements.map(({ finding }) => finding.message),
      [],
    )
  })
}

test('the reference says of every target what must hold and what it is compared with', async () => {
  const page = readFileSync('docs/reference/fuzzing.md', 'utf8')
  for (const name of TARGET_NAMES) {
    const { target } = (await import(`../fuzz/targets/${name}.ts`)) as { target: FuzzTarget }
    const row = pageRow(name, target)
    assert.ok(page.includes(`${row}\n`), `docs/reference/fuzzing.md: expected the row\n${row}`)
    assert.match(page, new RegExp(`^\\| \`${name}\` \\| [\\d,]+ \\|`, 'm'), `${name}: expected a row of results`)
  }
})

test('every target has kept inputs, and every file of inputs a target', () => {
  assert.deepEqual(readdirSync('test/fuzz/corpus').sort(), TARGET_NAMES.map((name) => `${name}.txt`).sort())
  for (const name of TARGET_NAMES) assert.ok(existsSync(`test/fuzz/targets/${name}.ts`), name)
})
