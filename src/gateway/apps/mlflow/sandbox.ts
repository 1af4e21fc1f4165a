import type { AppRequest } from '../profile.ts'

/** The user interface: its page and its files. A user has uploaded anything else that a browser may open as a page. */
const USER_INTERFACE = /^\/(?:static-files\/.*)?$/
const SANDBOX = ['Content-Security-Policy', 'sandbox'] as const

/**
 * An artifact may be a page with a script, on the origin of every user's session. With this header a browser opens it in
 * an origin of its own, without scripts (CSP3 §6.3.2), whatever `Content-Disposition` the release sends. Artifacts that
 * the user interface fetches are not affected.
 */
export const sandboxUploads = ({ decodedPath }: AppRequest): readonly string[] =>
  USER_INTERFACE.test(decodedPath) ? [] : SANDBOX
