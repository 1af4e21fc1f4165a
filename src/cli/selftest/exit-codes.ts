/** Every case that ran has passed. */
export const PASSED = 0
/** At least one case failed. */
export const FAILED = 1
/** Wrong options, or a host that nobody confirmed: nothing was sent. */
export const INCORRECT_USE = 2
/** No case failed, and at least one did not run because the target did not respond as it must. */
export const UNANSWERED = 3
