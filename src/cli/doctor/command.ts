import { Command, InvalidArgumentError, Option } from 'commander'
import { systemClock } from '../../shared/clock.ts'
import { chosen, IDS } from './all-checks.ts'
import type { Finding } from './finding.ts'
import { hideSecrets } from './hide-secrets.ts'
import { openConfiguration } from './open-configuration.ts'
import { asJson, exitCodeOf, inWords, summary } from './report.ts'
import { type Outcome, outcomeOf, type Progress, runChecks } from './run-checks.ts'
import { systemLookup, type TokenSource, type World } from './world.ts'

interface Options {
  config: string
  login?: boolean
  tokenFile?: string
  json?: boolean
  only?: string[]
  skip?: string[]
  timeout: number
}

const CONFIGURATION = { id: 'configuration', title: 'Configuration' }

/** `doctor`: everything that a person would check by hand, with the likely cause and the fix of what is wrong. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('find what is wrong with a deployment; exit code 0: all good, 1: a check failed, 2: warnings only')
    .requiredOption('--config <file>', 'configuration (YAML)')
    .addOption(
      new Option('--login', 'sign in with a device code, and check the groups of that user').conflicts('tokenFile'),
    )
    .option('--token-file <file>', 'check the groups in the access token of a user, in this file')
    .option('--only <checks>', `run only these and what they need, separated by commas: ${IDS.join(', ')}`, list)
    .option('--skip <checks>', 'leave these out, separated by commas', list)
    .option('--timeout <seconds>', 'longest time of all checks, without the sign-in', secondsIn, 60)
    .option('--json', 'print JSON')
    .action(async (options: Options) => {
      const { outcomes, hide, seconds } = await examine(options)
      console.log(options.json ? hide(asJson(options.config, outcomes, seconds)) : `\n${summary(outcomes, seconds)}`)
      process.exitCode = exitCodeOf(outcomes)
    })
}

const list = (text: string): string[] => text.split(',').map((each) => each.trim())

function secondsIn(text: string): number {
  const seconds = Number(text)
  if (!(seconds >= 1 && seconds <= 3600)) throw new InvalidArgumentError('expected 1 to 3600 seconds')
  return seconds
}

async function examine(options: Options) {
  const startedAt = performance.now()
  const checks = chosen(options)
  const opened = openConfiguration(options.config, process.env)
  const hide = hideSecrets(opened.config)
  const progress = options.json ? silent : onTerminal(hide)
  const first = outcomeOf(CONFIGURATION, opened.findings)
  progress.finished(first)
  const world = opened.config && worldOf(options, opened.config, opened.hasSecrets)
  const rest = world
    ? await runChecks(checks, world, startedAt + options.timeout * 1000, progress)
    : checks.map((check) => skippedOutcome(check, progress))
  return { outcomes: [first, ...rest], hide, seconds: (performance.now() - startedAt) / 1000 }
}

function skippedOutcome(check: Pick<Outcome, 'id' | 'title'>, progress: Progress): Outcome {
  const finding: Finding = { status: 'skipped', text: 'not checked, because the configuration cannot be read' }
  const outcome = outcomeOf(check, [finding])
  progress.finished(outcome)
  return outcome
}

function worldOf(
  { config: file, login = false, tokenFile }: Options,
  config: World['config'],
  hasSecrets: boolean,
): World {
  // For the person who signs in, on stderr: stdout may be for programs.
  const token: TokenSource = { file: tokenFile, login, say: (line) => void process.stderr.write(`${line}\n`) }
  const { blocked, metadata } = { blocked: new Map<string, string>(), metadata: undefined }
  return { file, config, hasSecrets, clock: systemClock, lookup: systemLookup, token, blocked, metadata }
}

const silent: Progress = { started: () => undefined, finished: () => undefined }

/** Each result as soon as it is there, and on a terminal what is being checked. */
function onTerminal(hide: (text: string) => string): Progress {
  const transient = process.stderr.isTTY === true
  return {
    started: (title) => void (transient && process.stderr.write(`  checking: ${title} ...\r`)),
    finished: (outcome) => {
      if (transient) process.stderr.write('\u001b[2K')
      console.log(hide(inWords(outcome)))
    },
  }
}
