/** A version that users may have, and the commit that it was made from. */
export interface Release {
  readonly version: string
  readonly commit: string
}

/** Every release, oldest first. The last one is what an upgrade to the version in package.json starts from. */
export const RELEASES = [
  { version: '0.1.0', commit: '01b0abe6eb271d4e080de0505ce120646a31b052' },
] as const satisfies readonly Release[]

export const PREVIOUS_RELEASE: Release = RELEASES.at(-1) ?? RELEASES[0]
