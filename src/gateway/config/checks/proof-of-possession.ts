import type { CheckError } from '../../../shared/settings/load-settings.ts'
import type { Config } from '../schema.ts'

type ProofOfPossession = Config['proofOfPossession']

/** Client certificates come from a trusted proxy alone. */
export function certificateErrors(
  { clientCertificates }: ProofOfPossession,
  { trustedProxies }: Config['server'],
): CheckError[] {
  if (!clientCertificates || trustedProxies.length > 0) return []
  const hint = 'Add the address of the proxy that ends TLS to server.trustedProxies, or remove clientCertificates.'
  const expected = 'false where server.trustedProxies is empty'
  return [
    { path: 'proofOfPossession.clientCertificates', expected, got: 'true', hint, dependsOn: ['server.trustedProxies'] },
  ]
}

/** Basic credentials are a way around the requirement: the gateway exchanges them for a bearer token. */
export function requiredProofErrors({ dpop }: ProofOfPossession, routes: Config['routes']): CheckError[] {
  if (dpop !== 'require') return []
  return routes.flatMap(({ basicCredentials }, index): CheckError[] => {
    if (!basicCredentials) return []
    const hint = 'Remove basicCredentials, or set proofOfPossession.dpop: accept.'
    const path = `routes.${index}.basicCredentials`
    return [
      {
        path,
        expected: 'false where proofOfPossession.dpop is require',
        got: 'true',
        hint,
        dependsOn: ['proofOfPossession.dpop'],
      },
    ]
  })
}
