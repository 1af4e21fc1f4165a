import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { stringify } from 'yaml'
import { projectList } from '../../gateway/config/schema.ts'
import { loadProjectsFile } from '../../gateway/projects/file.ts'
import { CliError } from '../cli-error.ts'
import { type AuthDatabase, loadAuthDatabase } from './database/auth-database.ts'
import { databaseFile } from './database/database-uri.ts'
import { differences } from './differences.ts'
import { loadBasicAuthIni } from './ini.ts'
import { keycloakImport, loadKeycloakGroups } from './keycloak.ts'
import { NewAccess } from './new-access.ts'
import { DEFAULT_WORKSPACE, OldAccess } from './old-access.ts'
import { type OutputFile, writeFiles } from './output-files.ts'
import { type Plan, planMigration, workspacesOf } from './plan.ts'
import { report } from './report.ts'

interface Options {
  ini: string
  db?: string
  workspaces: 'auto' | 'on' | 'off'
  resourceGrants: 'none' | 'widen'
  adminGroup: string
  groupPrefix: string
  outProjects?: string
  outKeycloak?: string
  force?: boolean
  check?: boolean
  projects?: string
  users?: string
  accept?: string
}

/** Exit code of `--check` if access would change; the same as of a denied `explain`. */
const DIFFERENT = 3

export function basicAuthCommand(): Command {
  return new Command('basic-auth')
    .description("convert MLflow's basic-auth setup to projects and groups, and list what needs a decision")
    .requiredOption('--ini <file>', 'basic_auth.ini of the MLflow server')
    .option('--db <file>', 'SQLite database of the basic-auth app (default: database_uri of the ini)')
    .addOption(
      new Option('--workspaces <mode>', 'whether the server runs with workspaces')
        .choices(['auto', 'on', 'off'])
        .default('auto'),
    )
    .addOption(
      new Option('--resource-grants <mode>', 'what a grant on one experiment or model becomes')
        .choices(['none', 'widen'])
        .default('none'),
    )
    .option('--admin-group <name>', 'group of the administrators', 'modelops-admins')
    .option('--group-prefix <text>', "prefix of a workspace's groups, before its name", 'project-')
    .option('--out-projects <file>', 'write the projects file of the gateway')
    .option('--out-keycloak <file>', 'write users and groups as a partial import of Keycloak, without passwords')
    .option('--force', 'replace existing files')
    .option('--check', `list all differences between old and new access; exit code ${DIFFERENT} if there are any`)
    .option('--projects <file>', 'with --check: the edited projects file')
    .option('--users <file>', 'with --check: the edited partial import')
    .option('--accept <file>', 'with --check: accepted differences, one per line')
    .action((options: Options, command: Command) => migrate(options, command))
}

function migrate(options: Options, command: Command): void {
  if (!options.check && (options.projects ?? options.users ?? options.accept) !== undefined) {
    throw new CliError('--projects, --users and --accept: expected --check as well')
  }
  const ini = loadBasicAuthIni(options.ini)
  const database = loadAuthDatabase(options.db ?? databaseFile(ini))
  const workspacesOn = options.workspaces === 'auto' ? usesWorkspaces(database) : options.workspaces === 'on'
  const before = new OldAccess(ini, database, workspacesOn)
  const workspaces = workspacesOf(database, workspacesOn)
  const plan = planMigration(database, before, workspaces, options)
  // Read before anything is written, so that an error in them leaves no files.
  const after = options.check ? newAccess(plan, options) : undefined
  const accepted = options.accept === undefined ? new Set<string>() : loadAccepted(options.accept)
  writeFiles(outputFiles(plan, options), options.force ?? false)

  print(report(ini, database, before, plan, workspacesOn))
  if (after === undefined) return
  const open = differences(database, workspaces, before, after).filter((line) => !accepted.has(line))
  print(`\n${checkReport(open, accepted.size)}`)
  if (open.length > 0) command.error(`${open.length} differences`, { exitCode: DIFFERENT })
}

const print = (text: string): void => void process.stdout.write(`${text}\n`)

/** A server without workspaces has all grants in `default`. */
const usesWorkspaces = (database: AuthDatabase) =>
  database.workspaces.some((workspace) => workspace !== DEFAULT_WORKSPACE)

function newAccess(plan: Plan, options: Options): NewAccess {
  const projects = options.projects === undefined ? plan.projects : loadProjectsFile(options.projects)
  const groups = options.users === undefined ? plan.groups : loadKeycloakGroups(options.users)
  return new NewAccess(projects, groups, options.adminGroup)
}

function loadAccepted(path: string): Set<string> {
  try {
    const lines = readFileSync(path, 'utf8').split(/\r?\n/)
    return new Set(lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')))
  } catch (error) {
    throw new CliError(`--accept ${path}: expected a readable text file`, { cause: error })
  }
}

function checkReport(open: readonly string[], accepted: number): string {
  const head = 'Differences between old and new access (the right to grant access is not compared):'
  const body = open.length === 0 ? '  no difference' : open.map((line) => `  ${line}`).join('\n')
  return `${head}\n${body}${accepted === 0 ? '' : `\n  (${accepted} accepted)`}`
}

function outputFiles(plan: Plan, { outProjects, outKeycloak }: Options): OutputFile[] {
  const projects = projectList.parse(plan.projects)
  return [
    ...(outProjects === undefined ? [] : [{ path: outProjects, text: stringify(projects) }]),
    ...(outKeycloak === undefined
      ? []
      : [{ path: outKeycloak, text: `${JSON.stringify(keycloakImport(plan), null, 2)}\n` }]),
  ]
}
