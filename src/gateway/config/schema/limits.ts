import * as z from 'zod'
import { seconds } from '../../../shared/settings/fields.ts'
import { metadata } from '../../../shared/settings/metadata.ts'

/** Attempts of one address: an IPv4 address or an IPv6 /64, per process. */
const perMinute = z.int().min(1).max(1_000_000)

export const limits = z
  .strictObject({
    // The parser of an open connection keeps the limits it was created with, so these need a restart.
    headerBytes: z
      .int()
      .min(4096)
      .max(1_048_576)
      .default(65_536)
      .describe('Maximum size of the header section in bytes; larger ones get 431.')
      .register(metadata, { reload: 'restart' }),
    headerCount: z
      .int()
      .min(20)
      .max(2000)
      .default(200)
      .describe('Maximum number of header fields; more get 431.')
      .register(metadata, { reload: 'restart' }),
    urlBytes: z
      .int()
      .min(1024)
      .max(65_536)
      .default(16_384)
      .describe('Maximum length of the request target in bytes; longer ones get 414.'),
    headerSeconds: seconds(1, 300)
      .default(15)
      .describe('Timeout for a complete header section, in seconds.')
      .register(metadata, { reload: 'restart' }),
    bodyIdleSeconds: seconds(1, 3600)
      .default(60)
      .describe('A request is cancelled if its body makes no progress for this many seconds.'),
    bodyBytesPerSecond: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(240)
      .describe(
        'Minimum rate of a request body in bytes per second, as an average over limits.bodyIdleSeconds; a slower one gets 408. Time in which the upstream does not read the body does not count. 0: no minimum.',
      ),
    responseIdleSeconds: seconds(1, 3600)
      .default(300)
      .describe(
        'A response is cancelled if the client reads none of it for this many seconds. Kernels buffer about a megabyte, so a low value also cancels slow clients.',
      )
      .register(metadata, { renamed: { from: 'answerIdleSeconds', removedIn: '0.3.0' } }),
    keepAliveSeconds: seconds(1, 3600)
      .default(75)
      .describe(
        'How long an idle client connection stays open, in seconds. Use more than the proxy in front of the gateway.',
      ),
    upstreamIdleSeconds: seconds(1, 600)
      .default(4)
      .describe('How long an idle upstream connection stays open, in seconds. Use less than the upstream.'),
    tokenOverrunSeconds: seconds(0, 604_800)
      .default(43_200)
      .describe(
        'How long an upload, a download or a stream may continue after its access token has expired, in seconds. 0: it is cancelled within half a minute, as WebSockets are.',
      ),
    upstreamConnections: z
      .int()
      .min(1)
      .max(10_000)
      .default(256)
      .describe(
        'Maximum number of connections to one upstream, per process. Each carries one request at a time, so use what the upstream can process at once.',
      ),
    upstreamShare: z
      .number()
      .min(0.05)
      .max(1)
      .default(0.5)
      .describe(
        'Largest share of these connections that one project may use, of those that other projects leave free; at least one. With 0.5 one busy project gets half of them, two get a third each. Requests beyond it wait for up to `routes[].connectSeconds`, and projects take turns.',
      ),
    loginsPerMinute: perMinute
      .default(600)
      .describe('Sign-in attempts per client address, and as many callbacks; more get 429.'),
    badTokensPerMinute: perMinute
      .default(300)
      .describe('Different invalid bearer tokens per client address; after that, unknown tokens get 429.'),
    badSecretsPerMinute: perMinute
      .default(60)
      .describe('Invalid Basic credentials per client address; after that, credentials not yet verified get 429.'),
    badSecretsPerClientPerMinute: perMinute
      .default(30)
      .describe('Invalid Basic credentials per client ID; after that, credentials not yet verified get 429.'),
  })
  .register(metadata, { reload: 'reload' })
