import { createInterface } from 'node:readline/promises'
import { CliError } from '../cli-error.ts'
import { type InitAnswers, type IssuerKind, kindOf, parseIssuer, parseOrigin, parseProject } from './answers.ts'

/** The options of `init` as the command line has them. */
export interface InitOptions {
  readonly issuer?: string
  readonly issuerKind?: IssuerKind
  readonly clientId: string
  readonly clientSecretFile?: string
  readonly clientAuthentication?: InitAnswers['clientAuthentication']
  readonly clientAssertionFile?: string
  readonly publicUrl?: string
  readonly mlflow?: string
  readonly airflow?: string
  readonly project?: readonly string[]
  readonly adminGroup: string
}

/** Asks the person at the terminal. Resolves to an empty string for "nothing". */
export type Ask = (question: string, example: string) => Promise<string>

/** @throws CliError naming all options that are missing */
export function answersFromOptions(options: InitOptions): InitAnswers {
  const { issuer, publicUrl, project = [], clientAuthentication: method = 'client_secret_basic' } = options
  const missing = [
    ...(issuer === undefined ? ['--issuer URL'] : []),
    ...(publicUrl === undefined ? ['--public-url URL'] : []),
    ...((method === 'jwt_file') === (options.clientAssertionFile === undefined)
      ? ['--client-assertion-file FILE with --client-authentication jwt_file, and only then']
      : []),
    ...(options.clientSecretFile !== undefined && method !== 'client_secret_basic'
      ? ['no --client-secret-file without a client secret']
      : []),
    ...(options.mlflow === undefined && options.airflow === undefined ? ['--mlflow URL or --airflow URL'] : []),
    ...(project.length === 0 ? ['--project NAME=GROUP'] : []),
  ]
  if (issuer === undefined || publicUrl === undefined || missing.length > 0)
    throw new CliError(
      `init: expected ${missing.join(', ')}. Name them as options, or answer the questions at a terminal.`,
    )
  return {
    issuer: parseIssuer('--issuer', issuer),
    issuerKind: options.issuerKind ?? kindOf(issuer),
    clientId: options.clientId,
    clientAuthentication: method,
    ...(options.clientAssertionFile !== undefined && { clientAssertionFile: options.clientAssertionFile }),
    publicUrl: parseOrigin('--public-url', publicUrl),
    projects: distinct(project.map((text) => parseProject('--project', text))),
    adminGroup: options.adminGroup,
    ...(options.clientSecretFile !== undefined && { clientSecretFile: options.clientSecretFile }),
    ...(options.mlflow !== undefined && { mlflow: parseOrigin('--mlflow', options.mlflow) }),
    ...(options.airflow !== undefined && { airflow: parseOrigin('--airflow', options.airflow) }),
  }
}

function distinct(projects: InitAnswers['projects']): InitAnswers['projects'] {
  const names = projects.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return projects
  throw new CliError(`--project: expected different names, got ${JSON.stringify(twice)} twice. Rename one of them.`)
}

/** Asks for what the options do not say. */
export async function askForMissing(options: InitOptions, ask: Ask): Promise<InitOptions> {
  const issuer = options.issuer ?? (await ask('URL of the issuer', 'https://sso.example/realms/modelops'))
  const publicUrl = options.publicUrl ?? (await ask('Public address of the gateway', 'https://o.example'))
  const named = options.mlflow !== undefined || options.airflow !== undefined
  const mlflow = named ? options.mlflow : await ask('MLflow, empty for none', 'http://127.0.0.1:5000')
  const airflow = named ? options.airflow : await ask('Airflow, empty for none', 'http://127.0.0.1:8080')
  const project = options.project ?? (await askForProjects(ask))
  return {
    ...withoutApplications(options),
    issuer,
    publicUrl,
    project,
    ...(mlflow ? { mlflow } : {}),
    ...(airflow ? { airflow } : {}),
  }
}

const withoutApplications = ({ mlflow: _mlflow, airflow: _airflow, ...rest }: InitOptions) => rest

async function askForProjects(ask: Ask): Promise<string[]> {
  const projects: string[] = []
  for (;;) {
    const question = projects.length === 0 ? 'A project and its group' : 'Another project, empty to continue'
    const text = await ask(question, 'alpha=project-alpha')
    if (text !== '') projects.push(text)
    else if (projects.length > 0) return projects
  }
}

/** Questions on stderr, so that stdout stays free. @throws CliError at the end of the input (Ctrl-D, Ctrl-C) */
export async function atTerminal<T>(use: (ask: Ask) => Promise<T>): Promise<T> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await use(async (question, example) =>
      (await terminal.question(`${question}, for example ${example}: `)).trim(),
    )
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError')
      throw new CliError('\ninit was cancelled. Nothing was written.', { cause: error })
    throw error
  } finally {
    terminal.close()
  }
}
