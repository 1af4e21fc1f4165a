import type { Config } from '../../gateway/config/schema.ts'
import type { CheckError } from '../../shared/settings/load-settings.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** A doubt about routes that exchange tokens: the list of grants is optional and need not be complete (RFC 8414 §2). */
export function exchangeWarnings(
  { grant_types_supported: grants }: Readonly<Record<string, unknown>>,
  routes: Config['routes'],
): CheckError[] {
  const index = routes.findIndex(({ tokenExchange }) => tokenExchange !== undefined)
  if (index < 0 || !Array.isArray(grants) || grants.includes(GRANT)) return []
  return [
    {
      path: `routes.${index}.tokenExchange`,
      expected: 'an issuer that announces token exchange (RFC 8693)',
      got: 'other grants',
      hint: 'Enable token exchange at the issuer. See docs/guides/applications/upstream-tokens.md.',
    },
  ]
}
