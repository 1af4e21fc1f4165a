import * as z from 'zod'
import { printable } from '../../shared/printable.ts'

/** What changes of the schema that readers must know of: a field is added without a new version, never renamed or removed. */
export const SCHEMA_VERSION = 1

const text = (about: string) => z.string().optional().describe(about)
const count = (about: string) => z.int().min(0).optional().describe(about)

/**
 * One event of the audit trail. Flat, so that every log system can search it. No field contains a query, a header, a
 * cookie, a token or a body; absent means that it does not apply or is not known.
 * `docs/reference/audit.md` and `docs/reference/audit-event.schema.json` are generated from it.
 */
export const auditEvent = z.strictObject({
  schema_version: z
    .literal(SCHEMA_VERSION)
    .describe('Version of this schema. It changes if a field is renamed or removed.'),
  time: z.iso.datetime({ precision: 3 }).describe('When the event was recorded: UTC, with milliseconds.'),
  instance: z.string().describe('The process that recorded it: a random value, new at each start.'),
  sequence: z
    .int()
    .min(1)
    .describe(
      'Number of the event in this instance, from 1. A missing number is a missing event; `events-lost` explains it.',
    ),
  event: z.string().describe('What happened. See the table of events.'),
  category: z
    .enum(['authentication', 'access', 'administration', 'configuration', 'audit'])
    .describe('Group of the event.'),
  action: z.string().describe('What was attempted: `sign-in`, `read`, `write`, `session.end`, …'),
  decision: z.enum(['allowed', 'denied']).optional().describe('What the gateway decided.'),
  reason: text('Why: a reason of the decision, or one of docs/reference/reasons.md.'),
  detail: text('The cause in words, for administrators.'),
  role: text('Role in which the request was allowed: `admin`, `editor`, `viewer`, `user`, `anonymous`.'),
  subject: text('Who: the `sub` claim. Unique together with `issuer`.'),
  user: text('Who: the user name, or the client ID of a machine.'),
  issuer: text('Who: URL of the issuer that knows the subject.'),
  kind: z
    .enum(['person', 'machine'])
    .optional()
    .describe('Whether the caller is a person or a machine (client credentials).'),
  client_id: text('The OAuth client that the access token was issued to.'),
  rule: text('Rules over the claims of the access token that made the caller a member of projects, by name.'),
  session: text(
    'Handle of the browser session, as the session administration shows it. It is no secret, and no cookie.',
  ),
  client: text('From where: address of the client.'),
  user_agent: text('From where: the `User-Agent`, cut to 120 characters.'),
  method: text('HTTP method.'),
  host: text('Host of the request.'),
  path: text('Path without the query, cut to 1024 characters.'),
  route: text('Route of the configuration, or the endpoint of the gateway.'),
  application: text('Application of the route: `mlflow`, `airflow`, `core`, `generic`.'),
  operation: text('Operation of the application, such as `mlflow.registerModel` or `airflow.dagrun.trigger`.'),
  use: z.enum(['read', 'write', 'admin', 'denied']).optional().describe('What the operation does.'),
  project: text('ID of the project that the request was admitted to.'),
  project_name: text('Name of the project at that time.'),
  requested_project: text(
    'Denials: ID or name of the project that the request named. There may be no such project, and it is cut to 256 characters.',
  ),
  status: z.int().optional().describe('HTTP status as the client received it. Absent: the connection closed before.'),
  duration_ms: z
    .number()
    .optional()
    .describe('From the arrival of the request to the end of its response, in milliseconds.'),
  bytes: count('Bytes of the response body.'),
  incomplete: z.literal(true).optional().describe('Present where the response was cut off.'),
  request_id: text('ID of the request, as in the log, in the response and at the application.'),
  trace_id: text('Trace ID (W3C Trace Context), where tracing is on.'),
  target_session: text('Administration: handle of the session that was changed.'),
  target_subject: text('Administration and back-channel logout: subject whose sessions ended.'),
  target_issuer: text('Administration and back-channel logout: issuer of that subject.'),
  ended: count('Number of sessions that ended.'),
  changed: z
    .array(z.string())
    .optional()
    .describe('Keys of the configuration that a reload changed, or that were wrong. No values.'),
  sink: text('Sink that lost events.'),
  lost: count('Number of events that the sink lost since `since`.'),
  since: text('When the first of them was lost.'),
})

export type AuditEvent = z.output<typeof auditEvent>

/** An event before the trail adds time, sequence and process. */
export type AuditDraft = Omit<AuditEvent, 'schema_version' | 'time' | 'instance' | 'sequence'>

/** Every event, for the reference. */
export const EVENTS = {
  allowed: ['access', 'A request was allowed.'],
  refused: ['access', 'A request was denied. At the sign-in endpoints its category is `authentication`.'],
  'presigned-url': ['access', 'A client got a URL of the object store, which leads past the gateway.'],
  login: ['authentication', 'A user signed in.'],
  logout: ['authentication', 'A user signed out. `action` says whether of one session or of all of them.'],
  'backchannel-logout': ['authentication', 'The issuer ended sessions (OIDC Back-Channel Logout).'],
  'frontchannel-logout': ['authentication', 'The issuer ended a session (OIDC Front-Channel Logout).'],
  'project-selected': ['authentication', 'A user selected a project for the browser session.'],
  'session-ended-by-admin': ['administration', 'An administrator ended sessions.'],
  administration: ['administration', 'Another action of an administrator.'],
  'admin-refused': ['administration', 'An action of an administrator was denied.'],
  'config-reloaded': ['configuration', 'A changed configuration was applied.'],
  'config-refused': ['configuration', 'A changed configuration was not applied.'],
  'audit-started': ['audit', 'A process began to record.'],
  'audit-stopped': ['audit', 'A process stopped in order, with everything recorded.'],
  'events-lost': ['audit', 'A sink lost events, and works again.'],
  'chain-started': ['audit', 'A hash chain began.'],
  'line-mended': ['audit', 'The last line of a file was incomplete, after a crash. It was cut off.'],
  'file-changed': ['audit', 'Another process changed or replaced a file of the trail.'],
} as const satisfies Record<string, readonly [AuditEvent['category'], string]>

/** A text that a client or an issuer chose, as the trail contains it. */
export function plainText(value: string | undefined, length: number): string | undefined {
  if (value === undefined || value === '') return undefined
  return printable(value.length > length ? `${value.slice(0, length)}…` : value)
}
