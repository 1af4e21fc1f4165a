import type { CheckError } from '../../../shared/settings/load-settings.ts'
import type { Config } from '../schema.ts'
import { clientAuthenticationErrors } from './client-authentication.ts'
import { transportErrors } from './transport.ts'

type Issuer = Config['issuer']

export function issuerErrors(issuer: Issuer, server: Config['server'] | undefined): CheckError[] {
  return [
    ...clientAuthenticationErrors(issuer),
    ...(server ? transportErrors('issuer.url', issuer.url, server) : []),
    ...duplicateIssuers(issuer),
    ...keyLocations(issuer),
    ...groupClaims(issuer),
    ...authorizationParameterErrors(issuer),
    ...(server ? additionalTransportErrors(issuer, server) : []),
  ]
}

/**
 * The `iss` of a token selects the keys, so each issuer has one entry. Two that differ in the case of the host or in a
 * slash at the end are told apart by the gateway, but not by whoever writes and reads the rules.
 */
function duplicateIssuers({ url, additional }: Issuer): CheckError[] {
  const seen = new Set([comparable(url)])
  return additional.flatMap((one, index): CheckError[] => {
    const isDuplicate = seen.has(comparable(one.url))
    seen.add(comparable(one.url))
    if (!isDuplicate) return []
    const path = `issuer.additional.${index}.url`
    const hint =
      'Remove the duplicate. For two Kubernetes clusters with the same issuer, set another --service-account-issuer on one of them: their tokens cannot be told apart.'
    return [{ path, expected: 'an issuer that is not listed yet', hint, dependsOn: ['issuer.url'] }]
  })
}

const comparable = (url: string) => new URL(url).href.replace(/\/+$/, '')

function keyLocations({ additional }: Issuer): CheckError[] {
  return additional.flatMap(({ jwksUrl, jwksFile }, index): CheckError[] => {
    if (jwksUrl === undefined || jwksFile === undefined) return []
    const path = `issuer.additional.${index}.jwksFile`
    return [{ path, expected: 'either this key or jwksUrl', got: 'both', hint: 'Remove one of them.' }]
  })
}

function additionalTransportErrors({ additional }: Issuer, server: Config['server']): CheckError[] {
  return additional.flatMap(({ url, jwksUrl }, index) => [
    ...transportErrors(`issuer.additional.${index}.url`, url, server),
    ...(jwksUrl === undefined ? [] : transportErrors(`issuer.additional.${index}.jwksUrl`, jwksUrl, server)),
  ])
}

function groupClaims({ groups, groupsClaim }: Issuer): CheckError[] {
  if (groups.claim === undefined || groupsClaim === 'groups') return []
  const hint = 'Remove issuer.groupsClaim.'
  return [{ path: 'issuer.groups.claim', expected: 'either this key or issuer.groupsClaim', got: 'both', hint }]
}

/** Parameters that the gateway sets itself, that would replace those, or with which no sign-in completes. */
const OWN_PARAMETERS = new Set([
  ...['response_type', 'response_mode', 'client_id', 'redirect_uri', 'scope', 'state', 'nonce', 'max_age', 'prompt'],
  ...['code_challenge', 'code_challenge_method', 'request', 'request_uri', 'registration', 'id_token_hint', 'dpop_jkt'],
])

function authorizationParameterErrors({ authorizationParameters }: Issuer): CheckError[] {
  return Object.keys(authorizationParameters)
    .filter((name) => OWN_PARAMETERS.has(name.toLowerCase()))
    .map((name) => ({
      path: `issuer.authorizationParameters.${name}`,
      expected: 'a parameter that the gateway does not set itself',
      hint: 'Remove it. Scopes belong to issuer.scopes, the age of a sign-in to issuer.maxAgeSeconds.',
    }))
}
