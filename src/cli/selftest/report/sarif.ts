import type { Result, Verdict } from '../case.ts'
import { SECTIONS } from '../case.ts'
import type { Run } from './run.ts'

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'

/**
 * SARIF 2.1.0 (OASIS), which code scanning services and reviewers' tools read. Each case is a rule, and each has one
 * result, also if it passed: a reviewer sees what was tried.
 */
export function asSarif(run: Run): string {
  const { origin, startedAt, seconds, version, exitCode, results } = run
  const endedAt = new Date(startedAt.getTime() + seconds * 1000)
  const driver = {
    ...{ name: 'modelops-gateway selftest', semanticVersion: version },
    rules: results.map(ruleOf),
  }
  const invocation = {
    ...{ executionSuccessful: !results.some(({ verdict }) => verdict.isUnanswered), exitCode },
    ...{ startTimeUtc: startedAt.toISOString(), endTimeUtc: endedAt.toISOString() },
  }
  const log = {
    ...{ $schema: SCHEMA, version: '2.1.0' },
    runs: [
      {
        tool: { driver },
        invocations: [invocation],
        results: results.map((result, index) => resultOf(result, index, origin)),
      },
    ],
  }
  return JSON.stringify(log, null, 2)
}

function ruleOf({ case: { id, section, title, sent, demanded, source, fix } }: Result) {
  return {
    id,
    name: id,
    shortDescription: { text: `${title}.` },
    fullDescription: { text: `Sent: ${sent}. Demanded: ${demanded}. Source: ${source}.` },
    help: { text: fix },
    properties: { tags: ['security', section], section: SECTIONS[section], source },
  }
}

function resultOf({ case: { id, title }, verdict }: Result, ruleIndex: number, origin: string) {
  return {
    ...{ ruleId: id, ruleIndex, ...kindOf(verdict) },
    message: { text: `${title}: ${verdict.detail}` },
    locations: [{ physicalLocation: { artifactLocation: { uri: `${origin}/` } } }],
    partialFingerprints: { 'case/v1': id },
  }
}

/** A level is for failures alone (SARIF §3.27.10). */
function kindOf({ status, isUnanswered }: Verdict): { kind: string; level: string } {
  if (status === 'fail') return { kind: 'fail', level: 'error' }
  if (status === 'warning') return { kind: 'fail', level: 'warning' }
  if (status === 'pass') return { kind: 'pass', level: 'none' }
  return { kind: isUnanswered ? 'open' : 'notApplicable', level: 'none' }
}
