import * as z from 'zod'
import { cidr, listenAddress, origin, seconds } from '../../../shared/settings/fields.ts'
import { metadata } from '../../../shared/settings/metadata.ts'

/** Bound to sockets and to the origin that browsers know, unless a key says otherwise. */
export const server = z
  .strictObject({
    listen: listenAddress.default('127.0.0.1:4180').describe('Address and port of the public listener.'),
    publicUrl: origin.describe('Origin that browsers use: scheme, host and port, no path.'),
    insecureHttp: z
      .boolean()
      .default(false)
      .describe(
        'Accept plain http outside loopback for publicUrl and issuer.url. Only for closed test networks; logs a warning at every start.',
      ),
    trustedProxies: z
      .array(cidr)
      .default([])
      .describe('Address ranges (CIDR) of the proxies whose X-Forwarded-For is trusted. Empty: none.')
      .register(metadata, { reload: 'reload' }),
    frameAncestors: z
      .array(origin)
      .default([])
      .describe(
        'Origins of other sites whose pages may show the applications and the gateway’s pages in a frame. Needs `cookie.sameSite: none`. Empty: none.',
      )
      .register(metadata, { reload: 'reload' }),
    adminListen: listenAddress
      .optional()
      .describe(
        'Address and port of the admin listener: /metrics, the administration console and the session API. Absent: none.',
      ),
    adminTokenHash: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 hash: 64 lower-case hexadecimal digits')
      .optional()
      .describe(
        'SHA-256 (hex) of the token for the console and the session API of the admin listener. Absent: only /metrics is served.',
      )
      .register(metadata, { reload: 'reload' }),
    readyNeedsIssuer: z
      .boolean()
      .default(false)
      .describe(
        'Whether /readyz returns 503 while the issuer does not respond. Off: /readyz returns 200 and reports it as `degraded`, because existing sessions continue. Before the issuer has responded for the first time, /readyz returns 503 in any case.',
      )
      .register(metadata, { reload: 'reload' }),
    workers: z
      .union([z.literal('auto'), z.int().min(1).max(256)])
      .default(1)
      .describe('Number of processes that share the listener; `auto`: one per CPU core. The memory store allows one.'),
    drainSeconds: seconds(0, 3600)
      .default(30)
      .describe('How long requests in flight may continue after SIGTERM, in seconds.')
      .register(metadata, { reload: 'reload' }),
  })
  .register(metadata, { reload: 'restart' })
