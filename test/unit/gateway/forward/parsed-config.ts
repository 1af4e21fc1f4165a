import { parseConfig } from '../../../../src/gateway/config/load.ts'
import type { Config } from '../../../../src/gateway/config/schema.ts'
import { KIT_PROJECTS, KIT_SECRET } from '../../../kit.ts'

const ROUTE = { name: 'a', app: 'generic', path: '/a', access: 'login', upstream: 'http://127.0.0.1:1' }

/** A whole configuration with these routes. */
export const parsedConfig = (routes: readonly Record<string, unknown>[]): Config =>
  parseConfig(
    JSON.stringify({
      server: { publicUrl: 'http://127.0.0.1:4180' },
      issuer: { url: 'http://127.0.0.1:9', clientId: 'gateway', clientSecret: 'a client secret' },
      session: { secrets: [KIT_SECRET] },
      access: { adminGroup: 'modelops-admins' },
      projects: { source: 'static', list: KIT_PROJECTS },
      routes: (routes.length > 0 ? routes : [{}]).map((route) => ({ ...ROUTE, ...route })),
    }),
    'test.yaml',
    {},
  )
