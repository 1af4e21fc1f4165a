import { genericProfile } from '../generic/profile.ts'
import type { AppProfile } from '../profile.ts'
import { coreOperation } from './operation.ts'

/** The core API: errors as problem details (RFC 9457), and the caller's own access token beside the assertion. */
export const coreProfile: AppProfile = {
  ...genericProfile,
  app: 'core',
  stripPrefix: true,
  authorization: 'access-token',
  cookies: 'none',
  operation: coreOperation,
  isPublic: ({ method, decodedPath }) => (method === 'GET' || method === 'HEAD') && decodedPath === '/admin/info',
}
