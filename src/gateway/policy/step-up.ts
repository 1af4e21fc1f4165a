/** How a user authenticated at the issuer, as a verified token says. Absent: the issuer did not say. */
export interface Authentication {
  /** The `acr` claim: authentication context class (OIDC Core §2). */
  readonly acr?: string
  /** The `auth_time` claim, in milliseconds since the epoch. */
  readonly authenticatedAt?: number
}

/** The authentication that a route or a page of the gateway demands (RFC 9470). */
export interface StepUp {
  /** Any one of them suffices. Undefined: each does, and none at all. */
  readonly acr: readonly string[] | undefined
  /** Maximum time since the user authenticated. Undefined: any. */
  readonly maxAgeSeconds: number | undefined
  /** How much the clocks of issuer and gateway may differ, in seconds: what a sign-in was accepted with is not too old here. */
  readonly clockSkewSeconds: number
  /** Whether machines may do without: they never authenticate as a user does. */
  readonly permitsMachines: boolean
}

/** What an authentication lacks. */
export type Shortfall =
  | { readonly kind: 'machine' }
  | { readonly kind: 'acr'; readonly expected: readonly string[]; readonly got: string | undefined }
  | { readonly kind: 'age'; readonly maxAgeSeconds: number; readonly seconds: number | undefined }

/** What the authentication of a user lacks; undefined: nothing. @param now Milliseconds since the epoch */
export function shortfallOf(
  { acr: expected, maxAgeSeconds, clockSkewSeconds }: StepUp,
  { acr: got, authenticatedAt }: Authentication,
  now: number,
): Shortfall | undefined {
  if (expected !== undefined && (got === undefined || !expected.includes(got))) return { kind: 'acr', expected, got }
  if (maxAgeSeconds === undefined) return undefined
  if (authenticatedAt === undefined) return { kind: 'age', maxAgeSeconds, seconds: undefined }
  const age = now - authenticatedAt
  if (age <= (maxAgeSeconds + clockSkewSeconds) * 1000) return undefined
  return { kind: 'age', maxAgeSeconds, seconds: Math.floor(age / 1000) }
}
