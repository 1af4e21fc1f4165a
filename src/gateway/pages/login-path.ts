/** Path that starts a sign-in. @param returnTo A place that `ReturnTo` has checked, or a place on a host of ours. */
export const loginPath = (returnTo: string): string =>
  returnTo === '/' ? '/auth/login' : `/auth/login?return_to=${encodeURIComponent(returnTo)}`
