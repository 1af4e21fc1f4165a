import { genericProfile } from '../generic/profile.ts'
import type { AppProfile } from '../profile.ts'

/** The core API: errors as problem details (RFC 9457), and the caller's own access token beside the assertion. */
export const coreProfile: AppProfile = {
  ...genericProfile,
  app: 'core',
  stripPrefix: true,
  authorization: 'access-token',
  cookies: 'none',
  isPublic: ({ method, decodedPath }) => (method === 'GET' || method === 'HEAD') && decodedPath === '/admin/info',
}
