import * as z from 'zod'
import { token } from '../../../shared/settings/fields.ts'

/** Which token an upstream gets in exchange for the caller's (RFC 8693 §2.1). */
export const tokenExchange = z.strictObject({
  audience: token
    .optional()
    .describe(
      'Audience of the token, as the issuer names the upstream (Keycloak: its client ID). Set it, `resource` or both.',
    ),
  resource: z
    .string()
    .refine((text) => URL.canParse(text) && !text.includes('#'), {
      error: 'expected an absolute URI without fragment, e.g. https://api.example/v1 (RFC 8707 §2)',
    })
    .optional()
    .describe('URI of the upstream, for issuers that select the audience by `resource` (RFC 8707).'),
  scopes: z.array(token).default([]).describe('Requested scopes. Empty: those that the issuer gives by default.'),
})

export type TokenExchange = z.output<typeof tokenExchange>
