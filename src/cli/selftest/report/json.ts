import { countOf, type Run } from './run.ts'

/** For programs. Members may be added in the same version. */
export function asJson(run: Run): string {
  const { origin, startedAt, seconds, version, exitCode, results } = run
  const report = {
    ...{ version: 1, url: origin, startedAt: startedAt.toISOString(), seconds: Number(seconds.toFixed(1)) },
    ...{ tool: `modelops-gateway ${version}`, exitCode },
    counts: {
      passed: countOf(run, 'pass'),
      warnings: countOf(run, 'warning'),
      failed: countOf(run, 'fail'),
      notRun: countOf(run, 'not run'),
    },
    cases: results.map(({ case: each, verdict }) => {
      const { id, section, title, sent, demanded, source, fix } = each
      const { status, detail, isUnanswered = false } = verdict
      return { id, section, title, status, detail, isUnanswered, sent, demanded, source, fix }
    }),
  }
  return JSON.stringify(report, null, 2)
}
