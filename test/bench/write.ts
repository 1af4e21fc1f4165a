import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release } from 'node:os'
import { join } from 'node:path'
import { checkout } from '../../infra/parts/directories.ts'
import { run } from '../../infra/parts/run.ts'
import { SUBJECT_CORE } from './process.ts'
import type { Report } from './report.ts'
import { OAUTH2_PROXY } from './tools.ts'

const PAGE = join(checkout, 'docs', 'benchmarks.md')
/** What people wrote below this line stays. */
const NOTES = '## Notes'

/** Writes the whole page, but for the notes at its end. */
export async function writePage(
  report: Report,
  lengths: { rounds: number; seconds: number; minutes: number },
): Promise<void> {
  const { rounds, seconds, minutes } = lengths
  const head = [
    '# Benchmarks',
    '',
    `Written by \`npm run bench -- --rounds ${rounds} --seconds ${seconds} --minutes ${minutes}\` on ${new Date().toISOString().slice(0, 10)}, subjects`,
    `interleaved, all in one run; wrk with 1 thread and 32 connections where nothing else is said. Every subject runs on`,
    `core ${SUBJECT_CORE} alone; load, upstream (nginx, static files) and issuer on the other. Numbers are medians; spread is the`,
    'distance between the quartiles. An answer other than 2xx fails the run.',
    '',
    `Machine: ${cpus().length} × ${cpus()[0]?.model}, Linux ${release()}, load average ${loadavg()[2]?.toFixed(1)} over the last 15 minutes of the run.`,
    `Node ${process.version}, oauth2-proxy ${OAUTH2_PROXY}, ${await version('nginx', ['-v'])}, Caddy ${await version('caddy', ['version'])}, ${await version('wrk', ['-v'])}.`,
    '',
    '| target | measured | |',
    '|---|---|---|',
    ...report.targets.map(
      ({ promise, measured, met }) => `| ${promise} | ${measured} | ${met ? 'met' : '**missed**'} |`,
    ),
    '',
  ]
  const former = readFileSync(PAGE, 'utf8')
  const notes = former.includes(NOTES) ? former.slice(former.indexOf(NOTES)) : `${NOTES}\n`
  writeFileSync(PAGE, `${[...head, ...report.lines].join('\n').trimEnd()}\n\n${notes.trimEnd()}\n`)
}

async function version(command: string, args: string[]): Promise<string> {
  const { tail } = await run(command, args)
  return tail.split('\n')[0]?.trim() ?? ''
}
