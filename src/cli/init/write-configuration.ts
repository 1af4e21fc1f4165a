import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { CATALOGUES } from '../../gateway/apps/mlflow/catalogue/catalogue.ts'
import { loadProjectsFile } from '../../gateway/projects/file.ts'
import { mlflowRelease } from '../check/identify.ts'
import { CliError } from '../cli-error.ts'
import { type OutputFile, writeFiles } from '../migrate/output-files.ts'
import type { InitAnswers } from './answers.ts'
import { clientProof, newSecret, secretFile } from './client-proof.ts'
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

const SESSION_SECRET = 'secrets/session-secret'

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
  const proof = await clientProof(answers, out)
  const mlflowVersion = await versionOf(answers)
  const config = place('gateway.yaml')
  const gateway = gatewayFile(answers, {
    ...{ scopes, clientLines: proof.lines, sessionSecret: `\${file:${SESSION_SECRET}}` },
    ...(mlflowVersion !== undefined && { mlflowVersion }),
  })
  const files: OutputFile[] = [
    { path: config, text: gateway },
    { path: place('projects.yaml'), text: projectsFile(answers.projects, projectIds(place('projects.yaml'))) },
    ...(existsSync(place(SESSION_SECRET)) ? [] : [secretFile(place(SESSION_SECRET), newSecret())]),
    ...proof.files,
  ]
  const realm = answers.issuerKind === 'keycloak' ? place('keycloak-realm.json') : undefined
  if (realm !== undefined)
    files.push(secretFile(realm, JSON.stringify(keycloakRealm(answers, proof.keycloak), null, 2)))
  makeFolders(out)
  writeFiles(files, force)
  return { files, config, ...(realm !== undefined && { realm }) }
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
