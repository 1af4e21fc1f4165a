import { Refusal } from '../errors.ts'
import type { RequestHead } from '../http/request-head.ts'

type Field = 'authorization' | 'proxy-authorization'
type Head = Pick<RequestHead, 'headers' | 'rawHeaders'>

/** The part of a route that says where the credentials for the gateway are. */
export interface CredentialsRoute {
  readonly config: { readonly credentials?: Field }
}

/** The header with the credentials for the gateway. */
export const credentialsField = (route: CredentialsRoute | undefined): Field =>
  route?.config.credentials ?? 'authorization'

/**
 * The credentials for the gateway, without a cookie. Where a route says `proxy-authorization`, `Authorization` is for its
 * upstream and says nothing about the caller (RFC 9110 §11.7.2).
 * @throws Refusal credentials-ambiguous
 */
export function credentialsOf(head: Head, route: CredentialsRoute | undefined): string | undefined {
  const field = credentialsField(route)
  const value = head.headers[field]
  if (field === 'proxy-authorization') checkApart(head)
  else if (value !== undefined) checkOnce(head, field)
  return value
}

/** Two credentials in one request are read in one way only. @throws Refusal credentials-ambiguous */
function checkApart(head: Head): void {
  checkOnce(head, 'proxy-authorization')
  checkOnce(head, 'authorization')
  const { connection, authorization, 'proxy-authorization': own } = head.headers
  // A proxy in front would remove a field that is named there (RFC 9110 §7.6.1), and another would not.
  if (connection !== undefined && /authorization/i.test(connection))
    throw new Refusal('credentials-ambiguous', 'Connection names a header with credentials')
  if (own !== undefined && authorization !== undefined && withoutScheme(own) === withoutScheme(authorization)) {
    throw new Refusal('credentials-ambiguous', 'Authorization repeats the credentials for the gateway', {
      explain:
        'Send the credentials for the gateway in Proxy-Authorization alone: Authorization is for the application.',
    })
  }
}

const withoutScheme = (credentials: string) => credentials.replace(/^\S+\s+/, '')

function checkOnce({ rawHeaders }: Head, field: Field): void {
  const count = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === field).length
  if (count > 1) throw new Refusal('credentials-ambiguous', `more than one header ${field}`)
}
