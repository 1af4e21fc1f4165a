import type { Config } from '../config/schema.ts'

/** The parameter by which a request for a token says what the token is for (RFC 8707 §2); none if no resource is set. */
export const resourceParameter = ({
  resource,
}: Pick<Config['issuer'], 'resource'>): Readonly<Record<string, string>> => (resource === undefined ? {} : { resource })
