import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { CATALOGUES } from '../../gateway/apps/mlflow/catalogue/catalogue.ts'
import { loadProjectsFile } from '../../gateway/projects/file.ts'
import { mlflowRelease } from '../check/identify.ts'
import { CliError } from '../cli-error.ts'
import { type OutputFile, writeFiles } from '../migrate/output-files.ts'
import type { InitAnswers } from './answers.ts'
import type { IssuerFacts } from './discover.ts'
import { gatewayFile } from './gateway-file.ts'
import { keycloakRealm } from './keycloak-realm.ts'
import { projectsFile } from './projects-file.ts'

export interface Written {
  readonly files: readonly OutputFile[]
  readonly config: string
  /** The realm to import, for Keycloak. */
  readonly realm?: string
}

const CLIENT_SECRET = 'secrets/client-secret'
const SESSION_SECRET = 'secrets/session-secret'

/** Files of one's own only: they contain secrets. */
const PRIVATE = 0o600

/**
 * Writes the configuration. Existing secrets and UUIDs of projects are kept, whatever `force` says.
 * @throws CliError if files exist that `force` does not allow to replace
 */
export async function writeConfiguration(
  answers: InitAnswers,
  { scopes }: IssuerFacts,
  out: string,
  force: boolean,
): Promise<Written> {
  const place = (name: string) => join(out, name)
  const secret = clientSecret(answers, place(CLIENT_SECRET))
  const mlflowVersion = await versionOf(answers)
  const config = place('gateway.yaml')
  const gateway = gatewayFile(answers, {
    ...{ scopes, clientSecret: secret.reference, sessionSecret: `\${file:${SESSION_SECRET}}` },
    ...(mlflowVersion !== undefined && { mlflowVersion }),
  })
  const files: OutputFile[] = [
    { path: config, text: gateway },
    { path: place('projects.yaml'), text: projectsFile(answers.projects, projectIds(place('projects.yaml'))) },
    ...(existsSync(place(SESSION_SECRET)) ? [] : [secretFile(place(SESSION_SECRET), newSecret())]),
    ...(secret.isNew ? [secretFile(place(CLIENT_SECRET), secret.value)] : []),
  ]
  const realm = answers.issuerKind === 'keycloak' ? place('keycloak-realm.json') : undefined
  if (realm !== undefined) files.push(secretFile(realm, JSON.stringify(keycloakRealm(answers, secret.value), null, 2)))
  makeFolders(out)
  writeFiles(files, force)
  return { files, config, ...(realm !== undefined && { realm }) }
}

const newSecret = () => randomBytes(32).toString('hex')
const secretFile = (path: string, text: string): OutputFile => ({ path, text: `${text}\n`, mode: PRIVATE })

interface ClientSecret {
  readonly reference: string
  /** Empty where the configuration reads it from the environment. */
  readonly value: string
  readonly isNew: boolean
}

function clientSecret({ issuerKind, clientSecretFile }: InitAnswers, ownFile: string): ClientSecret {
  if (clientSecretFile !== undefined) {
    const path = resolve(clientSecretFile)
    return { reference: `\${file:${path}}`, value: readSecret(path), isNew: false }
  }
  if (issuerKind === 'generic') return { reference: '$' + '{env:OIDC_CLIENT_SECRET}', value: '', isNew: false }
  const reference = `\${file:${CLIENT_SECRET}}`
  if (existsSync(ownFile)) return { reference, value: readSecret(ownFile), isNew: false }
  return { reference, value: newSecret(), isNew: true }
}

function readSecret(path: string): string {
  try {
    const text = readFileSync(path, 'utf8').trim()
    if (text !== '') return text
  } catch (cause) {
    throw new CliError(`${path}: expected a readable file with the client secret. Check the path.`, { cause })
  }
  throw new CliError(`${path}: expected the client secret, got an empty file. Write the secret into it.`)
}

/** The UUIDs of an earlier file, by name, so that projects keep their data; new ones for new names. */
function projectIds(path: string): (name: string) => string {
  const known = existsSync(path) ? loadProjectsFile(path) : []
  return (name) => known.find((project) => project.name === name)?.id ?? randomUUID()
}

/** Only where it is not the default. An MLflow that does not respond is reported by the check at the end. */
async function versionOf({ mlflow }: InitAnswers): Promise<string | undefined> {
  if (mlflow === undefined) return undefined
  const release = await mlflowRelease(mlflow).catch(() => undefined)
  const minor = release?.split('.').slice(0, 2).join('.')
  const known = Object.keys(CATALOGUES)
  return minor !== undefined && known.includes(minor) && minor !== known.at(-1) ? minor : undefined
}

function makeFolders(out: string): void {
  try {
    mkdirSync(join(out, 'secrets'), { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new CliError(`--out: expected a directory that can be written, got ${out}. Check its owner.`, { cause })
  }
}
