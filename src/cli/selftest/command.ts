import { writeFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { packageVersion } from '../../gateway/runtime/package-version.ts'
import { messageOf } from '../../shared/message-of.ts'
import { CliError } from '../cli-error.ts'
import { hideTexts } from '../hide-texts.ts'
import { secretsOf } from './accounts.ts'
import { casesOf, SECTION_IDS } from './all-cases.ts'
import { buildWorld, type WorldOptions } from './build-world.ts'
import { type Case, type Result, unanswered } from './case.ts'
import { INCORRECT_USE } from './exit-codes.ts'
import { between, list, type Options, pathIn, pathsIn, several, worldOptions } from './options.ts'
import { asHtml } from './report/html.ts'
import { asJson } from './report/json.ts'
import type { Run } from './report/run.ts'
import { asSarif } from './report/sarif.ts'
import { asText } from './report/text.ts'
import { exitCodeOf, type Progress, runCases } from './run-cases.ts'

const FORMATS = { text: asText, json: asJson, sarif: asSarif, html: asHtml } as const

/** `selftest`: harmless attacks on one's own deployment, from where users are. */
export function selftestCommand(): Command {
  return new Command('selftest')
    .description(
      'send harmless attacks to your own deployment; exit code 0: none failed, 1: a case failed, 2: incorrect use or a host that is not confirmed, 3: the target did not respond',
    )
    .requiredOption('--url <origin>', 'public origin of the deployment, such as https://mlflow.example.com')
    .option('--i-own <host>', 'confirms that you may test this host; repeat it for every host', several)
    .option('--token-file <file>', 'file with an access token of a test account')
    .option('--cookie-file <file>', 'file with the session cookie of a test account, NAME=VALUE')
    .option('--project <uuid>', 'a project of the test account')
    .option('--second-token-file <file>', 'the same for a second test account')
    .option('--second-cookie-file <file>', 'the same for a second test account')
    .option('--second-project <uuid>', 'a project of the second account, which the first may not use')
    .option('--path <path>', 'a path that needs a sign-in; default: the routes of the gateway', pathsIn)
    .option('--echo-path <path>', 'a path whose application returns the headers of a request', pathIn)
    .option('--upstream <host:port>', 'an application, which must not be reachable from here; repeatable', several)
    .option('--admin <host:port>', 'an admin listener, which must not be reachable from here; repeatable', several)
    .option('--http-port <port>', 'port of plain HTTP; default: 80 if the URL has port 443', between(1, 65_535, ''))
    .option('--ca <file>', 'certificates (PEM) that may sign the certificate of the deployment')
    .option('--only <sections>', `run only these, separated by commas: ${SECTION_IDS.join(', ')}`, list)
    .option('--rate <number>', 'most requests a second', between(0.1, 100, 'requests a second'), 20)
    .option('--timeout <seconds>', 'longest time of the run', between(1, 3600, 'seconds'), 300)
    .addOption(new Option('--format <format>', 'of the report').choices(Object.keys(FORMATS)).default('text'))
    .option('--output <file>', 'write the report into this file; default: standard output')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : INCORRECT_USE))
    .action(async (options: Options) => {
      const cases = casesOf(options.only)
      const wanted = worldOptions(options)
      if (options.output !== undefined) write('', options.output) // before anything is sent
      const run = await runAll(cases, wanted, options)
      const hide = hideTexts([...secretsOf(wanted.first), ...secretsOf(wanted.second)])
      write(FORMATS[options.format](hiddenIn(run, hide)), options.output)
      process.exitCode = run.exitCode
    })
}

async function runAll(cases: readonly Case[], wanted: WorldOptions, { timeout, url }: Options): Promise<Run> {
  const startedAt = new Date()
  const began = performance.now()
  const isTimeUp = () => performance.now() - began > timeout * 1000
  const world = await buildWorld(wanted, isTimeUp)
  const results = world ? await runCases(cases, world, isTimeUp, onTerminal(cases.length)) : cases.map(withoutTarget)
  const seconds = (performance.now() - began) / 1000
  const { origin } = new URL(url)
  return { origin, startedAt, seconds, version: packageVersion(), exitCode: exitCodeOf(results), results }
}

const withoutTarget = (each: Case): Result => ({
  case: each,
  verdict: unanswered('the target did not respond to GET /auth/client-config'),
})

/** Before a format escapes the text: an escaped secret would not be found. */
const hiddenIn = (run: Run, hide: (text: string) => string): Run => ({
  ...run,
  results: run.results.map(({ case: each, verdict }) => ({
    case: each,
    verdict: { ...verdict, detail: hide(verdict.detail) },
  })),
})

function write(report: string, file: string | undefined): void {
  try {
    if (file === undefined) return void process.stdout.write(`${report}\n`)
    writeFileSync(file, `${report}\n`)
  } catch (error) {
    throw new CliError(`--output: expected a file that can be written, got ${messageOf(error)}`, {
      exitCode: INCORRECT_USE,
    })
  }
}

/** What is being sent, for the person who waits. */
function onTerminal(total: number): Progress {
  if (process.stderr.isTTY !== true) return { started: () => undefined, finished: () => undefined }
  let done = 0
  return {
    started: (title) => void process.stderr.write(`\u001b[2K  ${done + 1}/${total} ${title}\r`),
    finished: () => {
      done += 1
      if (done === total) process.stderr.write('\u001b[2K')
    },
  }
}
