import * as z from 'zod'
import { seconds } from '../../../shared/settings/fields.ts'
import { metadata } from '../../../shared/settings/metadata.ts'

export const console = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe(
        'Whether members of access.adminGroup reach the administration console at /auth/admin on the public listener. The console of the admin listener depends on server.adminTokenHash instead.',
      ),
    maxSignInAgeSeconds: seconds(60, 86_400)
      .default(900)
      .describe(
        'Maximum time since an administrator last authenticated at the issuer, in seconds. After that, the console sends the administrator to the issuer to authenticate again (`max_age`). The ID token must contain `auth_time`.',
      ),
  })
  .register(metadata, { reload: 'reload' })
