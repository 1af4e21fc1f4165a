import { row } from './requirement.ts'

const PUBLIC = 'test/path/console.test.ts'
const LISTENER = 'test/unit/gateway/admin/token-console.test.ts'
const API = 'test/unit/gateway/admin/session-admin.test.ts'
const JOURNAL = 'test/unit/gateway/console/denial-journal.test.ts'
const CONFIGURATION = 'test/unit/gateway/console/configuration.test.ts'
const STEP_UP = 'test/unit/gateway/signin/step-up.test.ts'
const PAGES = 'test/unit/gateway/pages/console-pages.test.ts'
const RECORD = 'test/unit/gateway/console/denial-record.test.ts'

/** The administration console: who opens it, what a form needs, what is shown. */
export const CONSOLE_ROWS = [
  row(
    'A-1',
    'the console is for administrators with a session, checked at each request',
    [PUBLIC, 'whoever is not signed in learns nothing'],
    [PUBLIC, 'a member who is no administrator is denied'],
    [PUBLIC, 'a bearer token does not open the console'],
    [PUBLIC, 'an administrator who loses the group loses the console'],
  ),
  row(
    'A-2',
    'it opens only after a recent authentication, which the issuer proves',
    [PUBLIC, 'an old sign-in is sent to the issuer'],
    [PUBLIC, 'a form of an old sign-in changes nothing'],
    [STEP_UP, 'an issuer that does not say when it authenticated gives no session'],
    [STEP_UP, 'an issuer that ignores max_age gives no session'],
    ['test/keycloak/console.test.ts', 'a session at Keycloak that is too old is asked for the password again'],
  ),
  row(
    'A-3',
    'no other site and no script of an application sends its forms or reads its pages',
    [PUBLIC, 'a form counts only with its proof'],
    [PUBLIC, 'a script of an application on the same origin cannot read the console'],
    [LISTENER, 'a form needs the cookie, its own proof, and the origin of the console'],
  ),
  row(
    'A-4',
    'it runs no script, is never framed, and shows hostile values as text',
    [PUBLIC, 'every page opens, without a script'],
    [PUBLIC, 'hostile user names, paths and browsers are text'],
    [PAGES, 'of the console shows hostile values as text'],
  ),
  row(
    'A-5',
    'the shared token: short-lived cookie, ended by another token, guesses are limited',
    [LISTENER, 'the token opens the console by a short-lived cookie'],
    [LISTENER, 'the cookie ends with its time, with another token'],
    [LISTENER, 'a cookie that was altered or made up opens nothing'],
    [API, 'a token that is guessed is limited for its address'],
  ),
  row('A-6', 'it never leads to another site', [PUBLIC, 'return_to never leads away, also with step_up']),
  row(
    'A-7',
    'secrets of the configuration are hidden, also those of keys that are added later',
    [CONFIGURATION, 'no value of a configuration full of secrets is shown'],
    [CONFIGURATION, 'a text that a later version adds is hidden'],
  ),
  row(
    'A-8',
    'recorded denials contain no query, cookie or token, are sealed, and cannot flood the store',
    [RECORD, 'and no query, cookie or token'],
    [JOURNAL, 'the store learns nothing of a denial but its ID and time'],
    [JOURNAL, 'a flood without a session neither loads the store'],
  ),
]
