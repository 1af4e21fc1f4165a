import type { CheckError } from '../../../shared/settings/load-settings.ts'
import type { Config } from '../schema.ts'
import { isPlaceholder } from './placeholder.ts'
import { transportErrors } from './transport.ts'

type Issuer = Config['issuer']

export function issuerErrors(issuer: Issuer, server: Config['server'] | undefined): CheckError[] {
  return [
    ...(isPlaceholder(issuer.clientSecret) ? [placeholderSecret] : []),
    ...(server ? transportErrors('issuer.url', issuer.url, server) : []),
    ...duplicateIssuers(issuer),
    ...groupClaims(issuer),
    ...authorizationParameterErrors(issuer),
    ...(server ? additionalTransportErrors(issuer, server) : []),
  ]
}

const placeholderSecret: CheckError = {
  path: 'issuer.clientSecret',
  expected: 'the client secret from the issuer',
  got: 'a placeholder (not shown)',
  hint: 'Copy the secret of the client from the issuer, e.g. into an environment variable: "${env:OIDC_CLIENT_SECRET}".',
}

function duplicateIssuers({ url, additional }: Issuer): CheckError[] {
  const seen = new Set([url])
  return additional.flatMap((one, index): CheckError[] => {
    const isDuplicate = seen.has(one.url)
    seen.add(one.url)
    if (!isDuplicate) return []
    const path = `issuer.additional.${index}.url`
    return [
      { path, expected: 'an issuer that is not listed yet', hint: 'Remove the duplicate.', dependsOn: ['issuer.url'] },
    ]
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
