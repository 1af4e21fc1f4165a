import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { coreConfigSchema } from '../../src/core-api/config.ts'
import { configSchema } from '../../src/gateway/config/schema.ts'
import { settingsJsonSchema } from '../../src/shared/settings/json-schema.ts'
import { checkout } from '../parts/directories.ts'
import { commandEntries } from './command-entries.ts'
import { type Entry, lineOf } from './entry.ts'
import { pythonEntries } from './python-entries.ts'
import { schemaEntries } from './schema-entries.ts'
import {
  auditEntries,
  coreEntries,
  endpointEntries,
  headerEntries,
  metricEntries,
  reasonEntries,
} from './service-entries.ts'

/**
 * Everything that is stable under semantic versions, one entry a line and sorted, so that two branches merge and a
 * difference reads as a list. docs/reference/stability.md says what it means.
 */
export async function publicSurface(): Promise<string> {
  const entries = [
    ...(await commandEntries()),
    ...schemaEntries('configuration', settingsJsonSchema(configSchema)),
    ...schemaEntries('core-configuration', settingsJsonSchema(coreConfigSchema)),
    ...endpointEntries(),
    ...headerEntries(),
    ...reasonEntries(),
    ...metricEntries(),
    ...auditEntries(),
    ...coreEntries(),
    ...pythonEntries(),
    ...npmEntries(),
  ]
  return `${[...new Set(entries.map(lineOf))].sort().join('\n')}\n`
}

function npmEntries(): Entry[] {
  const text = readFileSync(join(checkout, 'package.json'), 'utf8')
  const { bin, exports: modules } = JSON.parse(text) as Record<'bin' | 'exports', Record<string, string>>
  return [
    ...Object.keys(bin).map((name) => ({ kind: 'npm-command', name })),
    ...Object.keys(modules).map((name) => ({ kind: 'npm-module', name })),
  ]
}
