import { cpus, release } from 'node:os'
import { GRACE_MS } from '../oracle/outages.ts'
import { ACCESS_TOKEN_SECONDS } from '../world/settings.ts'
import { EXIT_SECONDS } from './failures.ts'
import { flatnessOf, median, warmUpSeconds } from './flatness.ts'
import type { RunResult } from './result.ts'

const text = (value: number) => (value >= 100 ? value.toFixed(0) : value.toFixed(1))

/** Everything below this heading is written by hand and kept. */
const NOTES = '## Notes'

/**
 * The page with the figures of a run.
 * @param date such as 2026-11-28
 * @param previous The page so far, for its notes
 */
export function pageOf(result: RunResult, date: string, previous = ''): string {
  const notes = previous.includes(NOTES) ? `\n${previous.slice(previous.indexOf(NOTES)).trimEnd()}\n` : ''
  return `${writtenPart(result, date)}${notes}`
}

function writtenPart(result: RunResult, date: string): string {
  const { minutes, seed, seconds, total, outages, reloads, denials, excuses, loads } = result
  return `# Long run

Written by \`npm run long-run -- --minutes ${minutes} --seed ${seed} --write\` on ${date}. Two replicas get mixed traffic for
${minutes} minutes, and each response is checked to be the one to its own request.

| question | measured |
| --- | --- |
| right responses | ${total.right}, ${text(total.right / seconds)} a second |
| wrong responses | ${total.wrong} |
| failures that an outage of the upstream explains | ${total.excused}: ${listed(excuses)} |
| refreshes of sessions | ${result.refreshes} |
| outages of an upstream | ${outages} |
| reloads of the configuration, of both replicas together | ${reloads.applied} applied, ${reloads.refused} refused because the file was not valid |
| denials that the log shows to be the ones to their own requests | ${denials.proven} |
| errors in the log that the run did not cause | ${denials.unexpected.length} |
| left behind after the traffic: descriptors, sockets, timers, handles | ${result.replicas.flatMap(({ left }) => left).length === 0 ? 'none' : '**some**'} |
| from SIGTERM to the exit code 0 | ${result.replicas.map(({ exit }) => `${exit.seconds.toFixed(1)} s`).join(' and ')} |

## Over time

![Curves of both replicas](../pictures/long-run.svg)

Medians of the first quarter after a warm-up of ${warmUpSeconds(minutes * 60)} seconds, and of the last quarter:

| measure | first quarter | last quarter | may grow by |
| --- | --- | --- | --- |
${growthRows(result).join('\n')}

Garbage was collected before every sixth sample. Resident memory is compared in the second half: V8 and the allocator keep what a
peak once needed, and at first the peaks of such traffic add up. What is in use is the heap after a collection. The event loop
delay is that of the machine, which other work used as well.

## What was sent

| kind | right | excused | wrong |
| --- | --- | --- | --- |
${Object.entries(result.counts)
  .sort(([a], [b]) => a.localeCompare(b))
  .map(([kind, { right, excused, wrong }]) => `| ${kind} | ${right} | ${excused} | ${wrong} |`)
  .join('\n')}

## How it is measured

- **Parts.** Two gateway processes with a real Redis, a real Caddy in front, the embedded issuer, and two upstream processes.
  A third of the requests goes through Caddy, the others to the replicas directly. Twelve browser sessions and four holders of
  bearer tokens share the connections. Access tokens live for ${ACCESS_TOKEN_SECONDS} seconds, so sessions are refreshed all the time. Visits sign in,
  work and sign out.
- **A response is right** if status, nonce, user, project, and the length and checksum of the body are those of its own request.
  The upstream returns what it got. Bodies consist of bytes that only their nonce has, so every piece of a download, an upload,
  an event or a message of a WebSocket is compared. A request that must not be repeated may arrive once only.
- **A denial is right** if it has its status and reason, and the log of the replica has its request ID with the path that
  contains the nonce.
- **An outage excuses** 502, 503 and 504 with the reason \`upstream-down\` or \`upstream-timeout\`, and connections that were cut, if
  the request was under way between the kill of its own upstream and ${GRACE_MS / 1000} seconds after it was ready again. A response of another request is
  never excused. \`200 without its end\` counts events and downloads through Caddy 2.6, which ends a cut response as if it were whole.
  The same response without Caddy would be wrong.
- **Disturbances.** Upstreams are killed and started. The configuration is reloaded, every fourth time with a file that is not
  valid. Clients reset connections in the middle of bodies and responses. Upstreams reset connections before and in the
  middle of responses. Up to eight requests of different callers are sent at once on one connection.
- **Left behind.** Before and after the traffic no client is connected. The descriptors by kind, the TCP sockets by state, the
  timers by duration and the handles must be the same. Timers without a reference are counted as well.
- **SIGTERM** must end each replica with exit code 0 within ${EXIT_SECONDS} seconds.
- Machine: ${cpus().length} × ${cpus()[0]?.model.trim()}, Linux ${release()}, Node ${process.version}. Load average: ${text(median(loads))} (median), up to ${text(Math.max(...loads))}, because
  other work ran beside it. Processor time of the replicas: ${result.replicas.map(({ samples }) => `${samples.at(-1)?.cpuSeconds.toFixed(0)} s`).join(' and ')}.

## Faults on purpose

\`--plant\` shows that the run finds what it looks for: \`crossed\` (the upstream swaps two responses), \`descriptor-leak\`, \`timer-leak\`
and \`memory-leak\` (in one replica). \`npm test -- --tier long-run\` plants the first three, and expects each to be named.
`
}

const listed = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .map(([seen, times]) => `${times} × \`${seen}\``)
    .join(', ') || 'none'

function growthRows({ replicas, minutes }: RunResult): string[] {
  const all = replicas.map(({ samples }) => flatnessOf(samples, minutes))
  const [first = []] = all
  return first.map(({ measure: { name, unit }, tolerance }, index) => {
    const cells = (of: 'early' | 'late') => all.map((rows) => text(rows[index]?.[of] ?? Number.NaN)).join(' / ')
    const limit = Number.isFinite(tolerance) ? String(tolerance) : 'not compared'
    return `| ${unit === '' ? name : `${name}, ${unit}`} | ${cells('early')} | ${cells('late')} | ${limit} |`
  })
}
