import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AirflowSettings, airflowEnvironment } from './airflow-environment.ts'
import { type Background, startBackground } from './background.ts'
import { checkout, partsDirectory } from './directories.ts'
import { withLock } from './lock.ts'
import { freePort } from './ports.ts'
import { PartMissing, type Progress, toStderr } from './progress.ts'
import { run } from './run.ts'
import { ensureVenv, requirementsHash } from './venv.ts'

const pins = (name: string) => join(checkout, 'infra', 'airflow', name)

/** Installs the pinned Airflow and pytest into a virtual environment. Resolves to its directory. @throws PartMissing */
export const ensureAirflow = (progress: Progress = toStderr) =>
  ensureVenv(
    {
      ...{ name: 'airflow', title: 'Airflow', megabytes: 150 },
      requirements: [pins('requirements.txt'), pins('requirements-test.txt')],
    },
    progress,
  )

/** Installs `airflowctl` into a virtual environment. Resolves to its directory. @throws PartMissing */
export const ensureAirflowctl = (progress: Progress = toStderr) =>
  ensureVenv(
    { name: 'airflowctl', title: 'airflowctl', megabytes: 20, requirements: [pins('requirements-ctl.txt')] },
    progress,
  )

/** Installs what CeleryExecutor needs, beside the pinned Airflow. Resolves to a folder for `PYTHONPATH`. @throws PartMissing */
export function ensureAirflowCelery(progress: Progress = toStderr): Promise<string> {
  return withLock('airflow-celery', progress, async () => {
    const folder = join(partsDirectory('airflow'), 'celery')
    const stamp = join(folder, 'installed')
    const file = pins('requirements-celery.txt')
    const wanted = requirementsHash({ requirements: [file] })
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return folder
    rmSync(folder, { recursive: true, force: true })
    progress('Airflow with Celery: installing Python packages (once)')
    const python = join(await ensureAirflow(progress), 'bin', 'python')
    const options = ['-q', '--no-deps', '--require-hashes', '--target', folder]
    const result = await run(python, ['-m', 'pip', 'install', ...options, '-r', file])
    if (!result.ok) throw new PartMissing(`pip could not install Celery. Check the network.\n${result.tail}`)
    writeFileSync(stamp, wanted)
    return folder
  })
}

export interface AirflowOptions extends AirflowSettings {
  /** Home of this run: database, logs. */
  readonly dir: string
  /** Whether to start a scheduler and a DAG processor. Default: true. Without them, DAGs are parsed once and nothing runs. */
  readonly runs?: boolean
  readonly progress?: Progress
}

export interface Airflow {
  /** Origin for the route's `upstream`. Airflow responds below the route's path. */
  readonly url: string
  /** Runs an Airflow command in this home. @throws Error with its output */
  command(...args: string[]): Promise<void>
  close(): Promise<void>
}

/** Starts a real Airflow on loopback, one process per component, and waits until it responds. */
export async function startAirflow(options: AirflowOptions): Promise<Airflow> {
  const { dir, runs = true, progress = toStderr } = options
  const venv = await ensureAirflow(progress)
  loadPolicy(dir)
  const port = await freePort()
  const env = airflowEnvironment(options, port, [await freePort(), await freePort()])
  const airflow = join(venv, 'bin', 'airflow')
  const execute = async (program: string, args: readonly string[]) => {
    const { ok, tail } = await run(program, args, { env, cwd: dir })
    if (!ok) throw new Error(`${program} ${args.join(' ')} failed.\n${tail}`)
  }
  const command = (...args: string[]) => execute(airflow, args)
  progress('Airflow: creating its database')
  await command('db', 'migrate')
  if (env.AIRFLOW__CORE__MULTI_TEAM === 'True') await command('teams', 'sync')
  if (!runs) await command('dag-processor', '--num-runs', '1')
  const roles = Object.entries(options.fabGroups ?? {}).flatMap((pair) => ['--group', pair.join('=')])
  const module = ['-m', 'modelops_gateway_airflow', 'fab-roles', ...roles]
  if (roles.length > 0) await execute(join(venv, 'bin', 'python'), module)
  progress('Airflow: starting')
  const readyUrl = `http://127.0.0.1:${port}${options.path}/api/v2/version`
  const start = (name: string, ...args: string[]) =>
    startBackground({
      name: `Airflow ${name}`,
      command: airflow,
      args: [name, ...args],
      cwd: dir,
      env,
      logFile: join(dir, `${name}.log`),
      readyUrl,
      readySeconds: 180,
    })
  // The others do not listen. They are ready once the API is.
  const parts = [start('api-server', '--host', '127.0.0.1', '--port', String(port), '--proxy-headers')]
  if (runs) parts.push(start('dag-processor'), start('scheduler'))
  return { url: `http://127.0.0.1:${port}`, command, close: closer(await allOrNone(parts)) }
}

/** Airflow's processes load the cluster policy from here. Where the package is installed, its entry point does the same. */
function loadPolicy(home: string): void {
  mkdirSync(join(home, 'config'), { recursive: true })
  const file = join(home, 'config', 'airflow_local_settings.py')
  writeFileSync(file, 'from modelops_gateway_airflow.policy import dag_policy  # noqa: F401\n')
}

/** Starts all parts, or leaves none running. @throws the error of the first part that failed */
async function allOrNone(parts: Promise<Background>[]): Promise<Background[]> {
  const settled = await Promise.allSettled(parts)
  const started = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const failed = settled.find((each) => each.status === 'rejected')
  if (failed === undefined) return started
  await closer(started)()
  throw failed.reason
}

const closer = (parts: Background[]) => async () => {
  await Promise.all(parts.map((part) => part.close()))
}
