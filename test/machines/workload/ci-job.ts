import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { codeBlocks } from '../../unit/infra/docs/pages.ts'

/** What a guide shows, with the addresses of the test in place of those of the guide. */
export interface Guide {
  /** Its YAML blocks. */
  readonly documents: readonly Record<string, never>[]
  /** Its Python program. */
  readonly program: string
}

export function readGuide(name: string, replace: Readonly<Record<string, string>>): Guide {
  let page = readFileSync(join('docs/guides/clients', name), 'utf8')
  for (const [from, to] of Object.entries(replace)) page = page.replaceAll(from, to)
  return {
    documents: codeBlocks(page, 'yaml').map((text) => parse(text)),
    program: codeBlocks(page, 'python')[0] ?? '',
  }
}

export interface Ended {
  readonly code: number | null
  readonly output: string
}

export type Environment = Readonly<Record<string, string>>

/** Runs a script as a CI runner does: in bash, which ends at the first command that fails. */
export function runScript(script: string, env: Environment, cwd: string): Promise<Ended> {
  const child = spawn('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', script], {
    ...{ env, cwd, stdio: ['ignore', 'pipe', 'pipe'] },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes) => (output += String(bytes)))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })))
}

interface Step {
  readonly name?: string
  readonly run?: string
  readonly env?: Environment
}

export interface Workflow {
  readonly permissions: Environment
  readonly jobs: Record<string, { readonly env: Environment; readonly steps: readonly Step[] }>
}

/**
 * Runs the `run` steps of the only job of a workflow of GitHub Actions, with `GITHUB_ENV` between them. Actions (`uses`) are
 * not run. Ends at the first step that fails.
 * @param skip Names of steps that are not run
 */
export async function runWorkflow(
  { permissions, jobs }: Workflow,
  runner: Environment,
  cwd: string,
  skip: readonly string[] = [],
): Promise<Ended> {
  const [job] = Object.values(jobs)
  if (job === undefined || permissions['id-token'] !== 'write')
    throw new Error('expected a job that may request a token')
  const file = join(cwd, 'github-env')
  writeFileSync(file, '')
  let output = ''
  for (const step of job.steps.filter(({ run, name = '' }) => run !== undefined && !skip.includes(name))) {
    const env = { ...runner, ...job.env, ...exported(file), ...step.env, GITHUB_ENV: file }
    const ended = await runScript(step.run ?? '', env, cwd)
    output += ended.output
    if (ended.code !== 0) return { code: ended.code, output: `${output}\nfailed: ${step.name}` }
  }
  return { code: 0, output }
}

/** Variables that earlier steps have written. */
const exported = (file: string): Environment =>
  Object.fromEntries(
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
