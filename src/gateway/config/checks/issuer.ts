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
    ...groupClaims(issuer),
    ...(server ? additionalTransportErrors(issuer, server) : []),
  ]
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
