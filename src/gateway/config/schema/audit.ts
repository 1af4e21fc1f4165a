import * as z from 'zod'
import { filePath, httpUrl, seconds } from '../../../shared/settings/fields.ts'
import { metadata } from '../../../shared/settings/metadata.ts'

const sinkName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'expected lower-case letters, digits and hyphens')
  .optional()
  .describe('Name of the sink in metrics and messages. Default: its type.')

const pem = (what: string) => z.string().regex(/-----BEGIN /, `expected ${what} (PEM), e.g. \${file:PATH}`)

const logSink = z.strictObject({
  type: z.literal('log').describe('The log of the gateway. `log.requests` can limit it.'),
  name: sinkName,
})

const fileSink = z.strictObject({
  type: z.literal('file').describe('A file of JSON lines.'),
  name: sinkName,
  path: filePath.describe(
    'The file. With `server.workers` each worker has its own: `audit-1.jsonl`, `audit-2.jsonl`, and `audit-0.jsonl` for the supervisor. Replicas need folders of their own.',
  ),
  maxBytes: z
    .int()
    .min(65_536)
    .max(10_737_418_240)
    .default(104_857_600)
    .describe('A file of about this size is renamed to `audit.000001.jsonl`, and so on, and a new one begins.'),
  keep: z
    .int()
    .min(0)
    .max(100_000)
    .default(20)
    .describe('Number of renamed files to keep; older ones are deleted. 0: all.'),
  fsync: z
    .boolean()
    .default(false)
    .describe('Write each batch to the disk before it counts as written, so that a power failure loses none of it.'),
  chain: z
    .boolean()
    .default(false)
    .describe('Add a hash chain to the lines, which `modelops-gateway audit verify` checks.'),
  chainKey: z
    .string()
    .optional()
    .describe(
      'Secret of at least 32 bytes. With it the chain consists of HMACs: write access to the file is not enough to compute them again.',
    )
    .register(metadata, { secret: true }),
})

const syslogSink = z.strictObject({
  type: z
    .literal('syslog')
    .describe('A syslog server (RFC 5424) over TCP or TLS, with octet counting (RFC 6587, RFC 5425).'),
  name: sinkName,
  address: z
    .string()
    .regex(/^(tcp|tls):\/\/(\[[0-9a-fA-F:]+\]|[^:/?#@\s]+)(:\d{1,5})?$/, 'expected tls://host:6514 or tcp://host:601')
    .describe('`tls://host:port` or `tcp://host:port`. Default ports: 6514 and 601.'),
  facility: z.int().min(0).max(23).default(13).describe('Facility (RFC 5424 §6.2.1). 13: log audit.'),
  appName: z
    .string()
    .regex(/^[\x21-\x7e]{1,48}$/, 'expected 1 to 48 printable characters')
    .default('modelops-gateway')
    .describe('APP-NAME of the messages.'),
  timeoutSeconds: seconds(1, 60).default(5).describe('Timeout for connecting and for one batch, in seconds.'),
  ca: pem('CA certificates').optional().describe('CA certificates (PEM). Absent: those of the system.'),
  clientCertificate: pem('a certificate')
    .optional()
    .describe('Client certificate (PEM), where the server asks for one.'),
  clientKey: pem('a private key')
    .optional()
    .describe('Private key (PEM) of the client certificate.')
    .register(metadata, { secret: true }),
})

const otlpSink = z.strictObject({
  type: z.literal('otlp').describe('An OpenTelemetry collector: logs over OTLP/HTTP.'),
  name: sinkName,
  url: httpUrl.describe('Complete URL, e.g. http://127.0.0.1:4318/v1/logs.'),
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'expected a header name'), z.string())
    .default({})
    .describe('Headers of each request, e.g. for authentication.')
    .register(metadata, { secret: true }),
  timeoutSeconds: seconds(1, 60).default(5).describe('Timeout of one request, in seconds.'),
})

export const audit = z
  .strictObject({
    reads: z
      .enum(['all', 'none'])
      .optional()
      .describe(
        'Whether allowed requests that only read are recorded. Requests of administrators to a project always are. Default: `all` if `log.requests` is `all`, else `none`.',
      ),
    onFailure: z
      .enum(['deny-writes', 'continue'])
      .default('continue')
      .describe(
        'While a sink fails or its queue is nearly full: `deny-writes` returns 503 `audit-unavailable` to writing requests; `continue` serves them and counts the events that are lost.',
      ),
    queueEvents: z
      .int()
      .min(100)
      .max(1_000_000)
      .default(10_000)
      .describe(
        'Maximum number of events that wait for a sink, per process. The last tenth is kept for events of what was changed: denials and reading cannot fill it.',
      ),
    sinks: z
      .array(z.discriminatedUnion('type', [logSink, fileSink, syslogSink, otlpSink]))
      .min(1)
      .default([{ type: 'log' }])
      .describe('Where events are written. Each sink gets every event.'),
  })
  .register(metadata, { reload: 'reload' })
