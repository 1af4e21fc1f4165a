import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Check } from '../../../../src/cli/doctor/check.ts'
import type { Finding } from '../../../../src/cli/doctor/finding.ts'
import { systemLookup, type World } from '../../../../src/cli/doctor/world.ts'
import type { Config } from '../../../../src/gateway/config/schema.ts'
import { systemClock } from '../../../../src/shared/clock.ts'

export const worldOf = (config: Config, over: Partial<World> = {}): World => ({
  ...{ file: 'gateway.yaml', config, hasSecrets: true, clock: systemClock, lookup: systemLookup },
  ...{ token: { login: false, say: () => undefined }, blocked: new Map<string, string>(), metadata: undefined },
  ...over,
})

/** The findings in a line each: `failed: text`. */
export const linesOf = (findings: readonly Finding[]): string[] =>
  findings.map(({ status, text }) => `${status}: ${text}`)

export const run = async (check: Check, world: World): Promise<Finding[]> => await check.run(world)

/** A file that is deleted after the test. */
export function temporaryFile(t: TestContext, name: string, text: string, mode = 0o600): string {
  const folder = mkdtempSync(join(tmpdir(), 'doctor-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, name)
  writeFileSync(file, text, { mode })
  return file
}
