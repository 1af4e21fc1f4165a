import type { AppRequest } from '../profile.ts'

/** The user interface: its page and its files. Whatever else a browser might open as a page, somebody has uploaded. */
const USER_INTERFACE = /^\/(?:static-files\/.*)?$/
const SANDBOX = ['Content-Security-Policy', 'sandbox'] as const

/**
 * An artifact may be a page with a script, and it lies on the origin of everybody's session. Opened by itself it runs in
 * an origin of its own, without scripts (CSP3 §6.3.2), whatever the release says of its disposition. What the user
 * interface fetches and shows by itself is not touched by it.
 */
export const sandboxUploads = ({ decodedPath }: AppRequest): readonly string[] =>
  USER_INTERFACE.test(decodedPath) ? [] : SANDBOX
