import * as z from 'zod'
import { hostName } from '../../../shared/settings/fields.ts'
import { metadata } from '../../../shared/settings/metadata.ts'

/** Browsers keep the cookie as it was set: another one would end every session. */
export const cookie = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected 1 to 64 letters, digits, `_` or `-`')
      .default('modelops_gateway')
      .describe('Base name; a secure cookie gets the prefix `__Host-` or `__Secure-`.'),
    domain: hostName
      .optional()
      .describe('Shares the session with all hosts of this domain. Absent: the public host only (`__Host-`).'),
    secure: z.boolean().optional().describe('Secure attribute of the cookie. Default: true if publicUrl is https.'),
    sameSite: z.enum(['lax', 'strict', 'none']).default('lax').describe('SameSite attribute of the session cookie.'),
    partitioned: z
      .boolean()
      .default(false)
      .describe(
        'Partitioned attribute (CHIPS) of the cookies, for a gateway in frames of other sites: each such site has a session of its own. Needs `sameSite: none`.',
      ),
  })
  .register(metadata, { reload: 'restart' })
