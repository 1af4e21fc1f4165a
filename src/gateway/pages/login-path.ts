/** Path that starts a sign-in. @param returnTo A place that `ReturnTo` has checked, or a place on a host of ours. */
export const loginPath = (returnTo: string): string =>
  returnTo === '/' ? '/auth/login' : `/auth/login?return_to=${encodeURIComponent(returnTo)}`

/** The same for a sign-in that must reach what a route or the console demands. @param stepUp Its name */
export const stepUpPath = (returnTo: string, stepUp: string | undefined): string =>
  stepUp === undefined
    ? loginPath(returnTo)
    : `/auth/login?return_to=${encodeURIComponent(returnTo)}&step_up=${encodeURIComponent(stepUp)}`
