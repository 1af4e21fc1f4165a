import { CliError } from '../cli-error.ts'

export const ISSUER_KINDS = ['keycloak', 'generic'] as const
export type IssuerKind = (typeof ISSUER_KINDS)[number]

/** How the gateway will prove who it is. */
export const INIT_METHODS = ['client_secret_basic', 'private_key_jwt', 'jwt_file'] as const

export interface ProjectAnswer {
  readonly name: string
  /** Its members may read and write. */
  readonly group: string
}

/** What `init` must know to write a configuration. */
export interface InitAnswers {
  readonly issuer: string
  readonly issuerKind: IssuerKind
  readonly clientId: string
  /** An existing file with the client secret. Absent: Keycloak gets a new one, others are still open. */
  readonly clientSecretFile?: string
  /** Default: client_secret_basic. */
  readonly clientAuthentication?: (typeof INIT_METHODS)[number] | undefined
  /** The file of a JWT, for jwt_file. */
  readonly clientAssertionFile?: string
  readonly publicUrl: string
  readonly mlflow?: string
  readonly airflow?: string
  readonly projects: readonly ProjectAnswer[]
  readonly adminGroup: string
}

/** @throws CliError */
export function parseOrigin(field: string, text: string): string {
  const url = URL.parse(text)
  const isOrigin =
    url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search + url.hash === ''
  if (isOrigin && url.username === '' && url.password === '') return url.origin
  throw new CliError(
    `${field}: expected an address such as https://o.example, without a path, got ${shown(text)}. Correct the address.`,
  )
}

/** @throws CliError */
export function parseIssuer(field: string, text: string): string {
  const url = URL.parse(text)
  const hasCredentials = url !== null && url.username + url.password !== ''
  if (url !== null && /^https?:$/.test(url.protocol) && url.search + url.hash === '' && !hasCredentials) return text
  throw new CliError(
    `${field}: expected the issuer's URL, such as https://sso.example/realms/modelops, got ${shown(text)}. ` +
      'Copy `issuer` from its page /.well-known/openid-configuration.',
  )
}

/** @throws CliError */
export function parseProject(field: string, text: string): ProjectAnswer {
  const [name = '', group = '', ...rest] = text.split('=').map((part) => part.trim())
  if (name !== '' && group !== '' && rest.length === 0) return { name, group }
  throw new CliError(
    `${field}: expected NAME=GROUP, such as alpha=project-alpha, got ${shown(text)}. Name the group whose members may use the project.`,
  )
}

/** A URL may contain a password, which stays out of messages. */
const shown = (text: string) => (text.includes('@') ? 'a value that is not shown' : JSON.stringify(text))

const REALM = /\/realms\/([^/]+)\/?$/

/** Keycloak's issuers end with `/realms/NAME`. @throws CliError */
export function realmOf(issuer: string): string {
  const realm = REALM.exec(issuer)?.[1]
  if (realm !== undefined) return decodeURIComponent(realm)
  throw new CliError(
    `--issuer: expected a realm of Keycloak, such as https://sso.example/realms/modelops, got ${JSON.stringify(issuer)}. ` +
      'For another issuer use --issuer-kind generic.',
  )
}

export const kindOf = (issuer: string): IssuerKind => (REALM.test(issuer) ? 'keycloak' : 'generic')
