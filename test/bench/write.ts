import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release } from 'node:os'
import { join } from 'node:path'
import { checkout } from '../../infra/parts/directories.ts'
import { run } from '../../infra/parts/run.ts'
import { SUBJECT_CORE } from './process.ts'
import type { Report } from './report.ts'
import { OAUTH2_PROXY } from './tools.ts'

const PAGE = join(checkout, 'docs', 'benchmarks.md')
/** Everything below this heading is written by hand and kept. */
const NOTES = '## Notes'

/** Writes the page, except for the notes at its end. */
export async function writePage(
  report: Report,
  lengths: { rounds: number; seconds: number; minutes: number },
): Promise<void> {
  const { rounds, seconds, minutes } = lengths
  const head = [
    '# Benchmarks',
    '',
    `Written by \`npm run bench -- --rounds ${rounds} --seconds ${seconds} --minutes ${minutes}\` on ${new Date().toISOString().slice(0, 10)}, with`,
    `the subjects interleaved in one run. wrk uses 1 thread and 32 connections unless stated otherwise. Every subject has`,
    `core ${SUBJECT_CORE} to itself; load, upstream (nginx, static files) and issuer use the other. Numbers are medians. Spread is the`,
    'distance between the quartiles. A response other than 2xx fails the run.',
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
  const previous = readFileSync(PAGE, 'utf8')
  const notes = previous.includes(NOTES) ? previous.slice(previous.indexOf(NOTES)) : `${NOTES}\n`
  writeFileSync(PAGE, `${[...head, ...report.lines].join('\n').trimEnd()}\n\n${notes.trimEnd()}\n`)
}

async function version(command: string, args: string[]): Promise<string> {
  const { tail } = await run(command, args)
  return tail.split('\n')[0]?.trim() ?? ''
}
