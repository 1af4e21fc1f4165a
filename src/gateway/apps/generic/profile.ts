import { problemDetails } from '../../http/problem-details.ts'
import type { AppProfile } from '../profile.ts'

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
