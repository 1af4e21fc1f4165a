import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ClientCredentialError } from '../../gateway/issuer/client/client-file.ts'
import { parseSigningKey } from '../../gateway/issuer/client/signing-key.ts'
import { CliError } from '../cli-error.ts'
import type { OutputFile } from '../migrate/output-files.ts'
import type { InitAnswers } from './answers.ts'

/** How the gateway proves to the issuer who it is. */
export interface ClientProof {
  /** Lines of the section `issuer`. */
  readonly lines: readonly string[]
  /** New files. Existing secrets and keys are kept. */
  readonly files: readonly OutputFile[]
  readonly keycloak: KeycloakClient
}

/** What Keycloak recognizes the client by. */
export interface KeycloakClient {
  readonly fields: object
  readonly attributes: object
}

const CLIENT_SECRET = 'secrets/client-secret'
const CLIENT_KEY = 'secrets/client-key.pem'

/** Files of one's own only: they contain secrets. */
const PRIVATE = 0o600

export const newSecret = () => randomBytes(32).toString('hex')
export const secretFile = (path: string, text: string): OutputFile => ({ path, text: `${text}\n`, mode: PRIVATE })

/** @param out Folder of the configuration. @throws CliError */
export async function clientProof(answers: InitAnswers, out: string): Promise<ClientProof> {
  if (answers.clientAuthentication === 'private_key_jwt') return keyProof(join(out, CLIENT_KEY))
  if (answers.clientAuthentication === 'jwt_file') return workloadProof(resolve(answers.clientAssertionFile ?? ''))
  return secretProof(answers, join(out, CLIENT_SECRET))
}

/** Keycloak gets the public key itself: it can verify before the gateway runs, and without reaching it. */
async function keyProof(path: string): Promise<ClientProof> {
  const isNew = !existsSync(path)
  const text = isNew ? newKey() : readFileSync(path, 'utf8').trim()
  const { publicJwk } = await parseSigningKey(text, { key: 'clientKeys', path }, {}).catch((error: unknown) => {
    if (error instanceof ClientCredentialError) throw new CliError(error.message, { cause: error })
    throw error
  })
  return {
    lines: ['clientAuthentication: private_key_jwt', `clientKeys: [{ path: ${CLIENT_KEY} }]`],
    files: isNew ? [secretFile(path, text)] : [],
    keycloak: {
      fields: { clientAuthenticatorType: 'client-jwt' },
      attributes: { 'use.jwks.string': 'true', 'jwks.string': JSON.stringify({ keys: [publicJwk] }) },
    },
  }
}

const newKey = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ format: 'pem', type: 'pkcs8' })
    .toString()
    .trim()

/** Which workload it is, is for the guide to set at the issuer. */
const workloadProof = (path: string): ClientProof => ({
  lines: ['clientAuthentication: jwt_file', `clientAssertion: { path: ${JSON.stringify(path)} }`],
  files: [],
  keycloak: { fields: { clientAuthenticatorType: 'federated-jwt' }, attributes: {} },
})

function secretProof({ issuerKind, clientSecretFile }: InitAnswers, ownFile: string): ClientProof {
  const proof = (reference: string, secret: string, files: readonly OutputFile[] = []): ClientProof => ({
    ...{ lines: [`clientSecret: ${JSON.stringify(reference)}`], files },
    keycloak: { fields: { secret }, attributes: {} },
  })
  if (clientSecretFile !== undefined) {
    const path = resolve(clientSecretFile)
    return proof(`\${file:${path}}`, readSecret(path))
  }
  if (issuerKind === 'generic') return proof('$' + '{env:OIDC_CLIENT_SECRET}', '')
  const reference = `\${file:${CLIENT_SECRET}}`
  if (existsSync(ownFile)) return proof(reference, readSecret(ownFile))
  const secret = newSecret()
  return proof(reference, secret, [secretFile(ownFile, secret)])
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
