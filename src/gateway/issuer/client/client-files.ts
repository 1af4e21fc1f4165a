import type { Clock } from '../../../shared/clock.ts'
import { readAssertion } from './assertion-file.ts'
import { buildClientAuthentication, type IssuerSettings } from './client-authentication.ts'
import { ClientCredentialError } from './client-file.ts'

/** What is wrong with the files of `issuer.clientAuthentication`. Nothing is sent. */
export async function clientFileErrors(issuer: IssuerSettings, clock: Clock): Promise<ClientCredentialError[]> {
  const { certificate, published } = buildClientAuthentication(issuer, clock)
  const { clientAuthentication: method, clientAssertion } = issuer
  if (published) return (await published()).errors
  const path = clientAssertion?.path ?? ''
  return found(async () => {
    await certificate?.()
    if (method === 'jwt_file') await readAssertion({ key: 'issuer.clientAssertion.path', path }, clock())
  })
}

/**
 * The same for files that exist before the gateway starts. A JWT of somebody else may be written, or renewed, later: until
 * then it is an outage.
 */
export const clientFileErrorsAtStart = async (issuer: IssuerSettings, clock: Clock) =>
  issuer.clientAuthentication === 'jwt_file' ? [] : clientFileErrors(issuer, clock)

/** Paths of the files that are secrets. */
export const clientSecretFiles = ({
  clientKeys = [],
  clientCertificate,
  clientAssertion,
}: IssuerSettings): string[] => [
  ...clientKeys.map(({ path }) => path),
  ...(clientCertificate ? [clientCertificate.keyPath] : []),
  ...(clientAssertion ? [clientAssertion.path] : []),
]

async function found(read: () => Promise<void>): Promise<ClientCredentialError[]> {
  try {
    await read()
    return []
  } catch (error) {
    if (error instanceof ClientCredentialError) return [error]
    throw error
  }
}
