import type { CheckError } from '../../shared/settings/load-settings.ts'

/** `skipped`: not checked, because something that it needs failed or was not given. It is neither good nor bad. */
export type Status = 'ok' | 'warning' | 'failed' | 'skipped'

/** One result of a check, for people. Contains no secret. */
export interface Finding {
  readonly status: Status
  readonly text: string
  readonly cause?: string
  readonly fix?: string
}

export const ok = (text: string): Finding => ({ status: 'ok', text })
export const skipped = (text: string): Finding => ({ status: 'skipped', text })
export const warning = (text: string, cause: string, fix: string): Finding => ({ status: 'warning', text, cause, fix })
export const failed = (text: string, cause: string, fix: string): Finding => ({ status: 'failed', text, cause, fix })

/** An error of the checks that `check` has as well. */
export function findingOf({ path, expected, got, hint }: CheckError, status: Status = 'failed'): Finding {
  const where = path === '' ? '' : `${path}: `
  const received = got === undefined ? '' : `, received ${got}`
  return {
    ...{ status, text: `${where}expected ${expected}${received}`, cause: causeOf(path, got) },
    ...(hint === undefined ? {} : { fix: hint }),
  }
}

/** What usually leads to an error of this key. */
const CAUSES: readonly (readonly [RegExp, string])[] = [
  [
    /^(issuer|projects)\.clientSecret$/,
    'The secret was not copied whole, was renewed at the issuer, or belongs to another client. Or the client authenticates in another way than issuer.clientAuthentication says.',
  ],
  [
    /^issuer\.clientKeys/,
    'The issuer has another public key for the client, or cannot read the one that the gateway publishes. Or the clocks differ.',
  ],
  [
    /^issuer\.clientCertificate/,
    'The issuer expects another subject or authority, or a proxy in front of it ends TLS and does not forward the certificate.',
  ],
  [
    /^issuer\.clientAssertion/,
    'What writes the file does not run, or the issuer does not trust the issuer, the audience or the subject of the JWT.',
  ],
  [/^issuer\.clientId$/, 'The client does not exist in this realm or tenant, or its settings do not allow this flow.'],
  [
    /^server\.publicUrl$/,
    'The redirect URI is missing at the issuer, or differs in scheme, host, port or the slash at its end.',
  ],
  [/^issuer\.scopes$/, 'The issuer does not offer the scope to this client.'],
  [
    /^issuer\.url$/,
    'The URL is that of another realm, tenant or page, or a proxy changes what the issuer says of itself.',
  ],
  [/^issuer\.groupsClaim$/, 'The issuer has no rule (mapper) that puts the groups into tokens of this client.'],
  [/^issuer\.requirePkce$/, 'The issuer is older than PKCE, does not announce it, or this is not an issuer.'],
  [
    /^session\.store$/,
    'The store does not run, its address or password is wrong, or a firewall blocks the connection.',
  ],
  [/^routes\.\d+\.(upstream|mlflow\.instances)/, 'The application does not run, or another one runs at this address.'],
]

const UNREACHED = /connection refused|not found|not resolved|no response|no route|no connection|closed without/

function causeOf(path: string, got: string | undefined): string {
  if (path.startsWith('issuer.') && got !== undefined && UNREACHED.test(got))
    return 'The issuer does not run or is overloaded, or a firewall blocks the connection.'
  return CAUSES.find(([pattern]) => pattern.test(path))?.[1] ?? 'The value does not fit the server that it is about.'
}

const SEVERITY: Readonly<Record<Status, number>> = { skipped: 0, ok: 1, warning: 2, failed: 3 }

/** The worst status. A check that was skipped in part is as good as the rest of it. */
export const worst = (findings: readonly Pick<Finding, 'status'>[]): Status =>
  findings.reduce<Status>((found, { status }) => (SEVERITY[status] > SEVERITY[found] ? status : found), 'skipped')
