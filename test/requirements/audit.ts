import { row } from './requirement.ts'

/** The audit trail. */
const VERIFY = 'test/unit/gateway/audit/verify.test.ts'
const FILE = 'test/unit/gateway/audit/file-sink.test.ts'
const DELIVERY = 'test/unit/gateway/audit/delivery.test.ts'
const EVENTS = 'test/unit/gateway/request/request-audit.test.ts'
const SERVED = 'test/path/audit.test.ts'
const DISK = 'test/path/audit-disk.test.ts'
const SINKS = 'test/path/audit-sinks.test.ts'

export const AUDIT_ROWS = [
  row(
    'S-190',
    'a change of a recorded line is found: altered, removed, inserted, repeated, moved, also across files',
    [VERIFY, 'found, and where'],
    [VERIFY, 'a line written anew with a fitting hash breaks the chain'],
    [VERIFY, 'files that are missing in between are found'],
  ),
  row(
    'S-191',
    'without the key nobody computes the chain anew, and an anchor shows what was cut off',
    [VERIFY, 'nobody can compute it without the key'],
    [SERVED, 'a tail that was cut off is found with the anchors of the log'],
  ),
  row(
    'S-192',
    'crashes, restarts, rotations and reloads do not break the chain',
    [FILE, 'a line that a crash left is cut off'],
    [SERVED, 'its successor continues after kill -9'],
    [SERVED, 'a reload changes the sinks without losing an event'],
  ),
  row(
    'S-193',
    'no event is lost silently, and with `deny-writes` nothing is changed that cannot be recorded',
    [DELIVERY, 'loses events that are counted'],
    [DISK, 'writing gets 503 audit-unavailable'],
    [DISK, 'lost events are counted'],
    [SINKS, 'goes away and comes back gets every event'],
    [SINKS, 'reads nothing delays nobody'],
  ),
  row(
    'S-194',
    'no secret in an event, and no text of a client forges one',
    [EVENTS, 'no event contains a query, a cookie, a token'],
    [EVENTS, 'cannot forge a line'],
    [SINKS, 'no client can end one or begin another'],
  ),
]
