/** Path that starts a sign-in. @param returnTo A place that `ReturnTo` has checked, or a place on a host of ours. */
export const loginPath = (returnTo: string): string =>
  returnTo === '/' ? '/auth/login' : `/auth/login?return_to=${encodeURIComponent(returnTo)}`

/** The same for a user who must have authenticated at the issuer a short time ago. */
export const stepUpPath = (returnTo: string): string =>
  `/auth/login?return_to=${encodeURIComponent(returnTo)}&step_up=1`
