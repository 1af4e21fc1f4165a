import { row } from './requirement.ts'

/** Step-up per route. */
const PATH = 'test/path/step-up.test.ts'
const SIGN_IN = 'test/unit/gateway/signin/step-up.test.ts'
const POLICY = 'test/unit/gateway/policy/step-up.test.ts'
const CONFIG = 'test/unit/gateway/config/step-up.test.ts'
const REAUTHORIZE = 'test/unit/gateway/forward/reauthorize.test.ts'
const REFRESH = 'test/unit/gateway/issuer/refresh.test.ts'
const KEYCLOAK = 'test/keycloak/step-up.test.ts'

export const STEP_UP_ROWS = [
  row(
    'U-1',
    'what a route demands is checked, whatever the client says about its level',
    [POLICY, 'no level: a session of a previous version'],
    [PATH, 'what a client says about its level counts for nothing'],
    [PATH, 'a token of a high level does not raise the session beside it'],
    [KEYCLOAK, 'access tokens of Keycloak count by their own level'],
  ),
  row(
    'U-2',
    'an issuer that returns less gives no session and no loop, and the session of before continues',
    [PATH, 'a level that was not reached ends at a page without a redirect'],
    [SIGN_IN, 'a user who cancels, and an issuer that cannot, leave the session as it is'],
    [KEYCLOAK, 'a level that Keycloak does not know ends at a page'],
  ),
  row('U-3', 'only the user of the session can step up', [SIGN_IN, 'another user cannot finish the step-up']),
  row(
    'U-4',
    'a refresh gives no level and makes no authentication younger',
    [REFRESH, 'a new ID token that says another level takes the level away'],
    [PATH, 'a refresh makes no authentication younger'],
  ),
  row('U-5', 'a link decides no level', [SIGN_IN, 'the link decides no level']),
  row(
    'U-6',
    'no spelling of a path and no other route leads around a step-up',
    [PATH, 'no spelling of a path and no other route leads around'],
    [CONFIG, 'another host'],
  ),
  row(
    'U-7',
    'a WebSocket does not outlive the authentication that the route demands',
    [PATH, 'a WebSocket needs the level when it opens, and ends when the authentication is too old'],
    [REAUTHORIZE, 'a WebSocket past the maximum age'],
  ),
  row('U-8', 'machines have no level', [PATH, 'machines are denied, unless the route permits them']),
]
