import type { AppProfile } from './profile.ts'

const NO_NAMES: ReadonlySet<string> = new Set()

/** An application the gateway knows nothing of: safe methods read, all others write. */
export const genericProfile: AppProfile = {
  app: 'generic',
  stripPrefix: false,
  hostHeader: 'upstream',
  projectInPath: false,
  projectHeaders: [],
  dropRequestHeaders: NO_NAMES,
  cookies: 'all',
  authorization: 'none',
  use: ({ method }) => (method === 'GET' || method === 'HEAD' || method === 'OPTIONS' ? 'read' : 'write'),
  refusal: problemDetails,
}

/** RFC 9457. */
export function problemDetails(reason: string, status: number, message: string, requestId: string) {
  const body = JSON.stringify({ type: 'about:blank', title: message, status, reason, request_id: requestId })
  return { contentType: 'application/problem+json', body }
}

/** The core API speaks RFC 9457 and takes the caller's own access token beside the assertion. */
export const coreProfile: AppProfile = {
  ...genericProfile,
  app: 'core',
  stripPrefix: true,
  authorization: 'access-token',
  cookies: 'none',
  isPublic: ({ method, decodedPath }) => (method === 'GET' || method === 'HEAD') && decodedPath === '/admin/info',
}
