import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkout } from '../parts/directories.ts'
import { PartMissing, toStderr } from '../parts/progress.ts'
import { allowList, type Finding, problems } from './advisories.ts'
import { npmFindings } from './npm-advisories.ts'
import { ensurePipAudit, pythonFindings } from './python-advisories.ts'

/**
 * `npm run audit`: compares every pinned package with the advisories of the registries. Exits with 0 if nothing is open, 1
 * with a line for each problem, and 2 if a registry could not be asked.
 */

const ALLOWED = join('infra', 'supply-chain', 'allowed-advisories.json')

async function findings(): Promise<Finding[]> {
  // For mirrors, and for the tests.
  const { AUDIT_NPM_REGISTRY: registry, AUDIT_OSV_URL: osvUrl } = process.env
  toStderr('npm: asking for advisories')
  const found = await npmFindings(registry)
  const venv = await ensurePipAudit()
  for (const file of globSync('infra/**/requirements*.txt', { cwd: checkout }).sort()) {
    toStderr(`${file}: asking for advisories`)
    found.push(...(await pythonFindings(venv, file, osvUrl)))
  }
  return found
}

async function main(): Promise<void> {
  const allowed = allowList.parse(JSON.parse(await readFile(join(checkout, ALLOWED), 'utf8')))
  const open = problems(await findings(), allowed, new Date().toISOString().slice(0, 10))
  for (const line of open) process.stdout.write(`${line}\n`)
  if (open.length > 0) process.stdout.write(`${open.length} to look at. Allowed advisories: ${ALLOWED}\n`)
  else process.stdout.write(`No open advisory. ${allowed.length} allowed.\n`)
  process.exitCode = open.length > 0 ? 1 : 0
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof PartMissing ? error.message : error}\n`)
  process.exitCode = 2
})
