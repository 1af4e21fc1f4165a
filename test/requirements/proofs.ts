import { row } from './requirement.ts'

/** Tokens that are bound to a key, and tokens that are for something else. */
const DPOP = 'test/unit/gateway/tokens/proof/dpop.test.ts'
const CERTIFICATE = 'test/unit/gateway/tokens/proof/client-certificate.test.ts'
const TOKENS = 'test/unit/gateway/tokens/bearer/access-token.test.ts'
const AUDIENCE = 'test/unit/gateway/tokens/bearer/route-audience.test.ts'
const PATH = 'test/path/proof-of-possession.test.ts'
const METADATA = 'test/path/protected-resources.test.ts'
const REDIS = 'test/redis/proofs.test.ts'
const CADDY = 'test/caddy/client-certificate.test.ts'

export const PROOF_ROWS = [
  row(
    'D-1',
    'a bound token is of no use without its key, wherever it is accepted',
    [DPOP, 'a bound token as a bearer token is refused'],
    [DPOP, 'an opaque token that is bound to a key counts with its proof only'],
    [DPOP, 'a token that the issuer gives for Basic credentials and that is bound to a key is refused'],
    ['test/unit/core-api/authenticator.test.ts', 'bound to a key'],
    [PATH, 'a stolen token is of no use'],
    ['test/keycloak/dpop.test.ts', 'counts with its proof only'],
  ),
  row(
    'D-2',
    'a confirmation that is not supported is refused',
    [TOKENS, 'a token with a confirmation that is not supported'],
    [TOKENS, 'a token with two confirmations, one of them unknown'],
    [TOKENS, 'a token whose confirmation is null'],
  ),
  row(
    'D-3',
    'a proof counts for one request, once, on all replicas; an outage of the store admits nobody',
    [DPOP, 'of a hundred uses of one proof at a time, one counts'],
    [REDIS, 'a proof counts once at both'],
    [REDIS, 'while Redis is down, requests with a proof get 503, nobody is signed out'],
  ),
  row(
    'D-4',
    'a proof is by the right key and about this request',
    [DPOP, 'the key of somebody else'],
    [DPOP, 'the right key in the header, the signature of another'],
    [DPOP, 'a private key'],
    [DPOP, 'alg HS256'],
    [DPOP, 'the method of another request'],
    [DPOP, 'another host'],
    [DPOP, 'a clock that is 5 minutes behind'],
    [PATH, 'forward auth verifies the proof of the request that the proxy asks about'],
  ),
  row('D-5', 'a key cannot make its verification slow', [DPOP, 'a huge RSA key'], [DPOP, 'a huge exponent']),
  row(
    'D-6',
    'nobody but a trusted proxy names a client certificate',
    [CERTIFICATE, 'the certificate from an address that is no proxy'],
    [CERTIFICATE, 'two certificates'],
    [CADDY, 'with a header in place of one, it is refused'],
    [CADDY, 'the shipped Caddyfile forwards no certificate of a client'],
    [CADDY, 'a client that does not come through the proxy cannot claim a certificate'],
  ),
  row(
    'D-7',
    'neither a proof nor a bound token reaches an application',
    ['test/attacks/cases/headers-in.txt', 'S-101 proofs of possession are for the gateway alone'],
    [PATH, 'an application that takes the token of the caller gets none that is bound to a key'],
  ),
  row(
    'D-8',
    'a token for one application is refused at every other',
    [AUDIENCE, 'a token for a route counts on that route, and on no other one'],
    [AUDIENCE, 'a remembered token is still for its route only'],
    [METADATA, 'a program gets from a 401 to a token for the route, and in'],
  ),
  row(
    'D-9',
    'the metadata reveals nothing of projects, and an application cannot publish any',
    [METADATA, 'nothing of projects or upstreams'],
    [METADATA, 'the gateway verifies the tokens'],
  ),
]
