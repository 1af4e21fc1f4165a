import { readFileSync } from 'node:fs'
import { decodeJwt } from 'jose'
import { Issuer } from '../../gateway/issuer/issuer.ts'
import { buildLog } from '../../gateway/observability/log.ts'
import type { Principal } from '../../gateway/policy/types.ts'
import { buildVerifyAuthorization } from '../../gateway/tokens/verify-authorization.ts'
import { readFailure } from '../../shared/settings/read-file.ts'
import type { Claims } from '../../shared/tokens/claims.ts'
import { CliError } from '../cli-error.ts'
import { deviceFlow } from '../login/device-flow.ts'
import { discover } from '../login/gateway.ts'
import type { World } from './world.ts'

/** A real token of a person, and the claims of the ID token that came with it. */
export interface RealToken {
  readonly accessToken: string
  readonly idClaims?: Claims | undefined
}

/** Undefined: none was asked for. @throws CliError */
export async function realToken({ config, token }: World): Promise<RealToken | undefined> {
  if (token.file !== undefined) return { accessToken: tokenIn(token.file) }
  if (!token.login) return undefined
  const { url, cliClientId, cliScopes } = config.issuer
  if (cliClientId === undefined)
    throw new CliError('--login needs a public client at the issuer: set issuer.cliClientId, or use --token-file')
  // Without a refresh token: nothing of this sign-in is kept.
  const scope = cliScopes.filter((each) => each !== 'offline_access').join(' ')
  const tokens = await deviceFlow(await discover(url, cliClientId), scope, token.say)
  return { accessToken: tokens.access_token, idClaims: tokens.claims() }
}

function tokenIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new CliError(`--token-file: expected a file with an access token, got ${readFailure(error)}`)
  }
}

/** Undefined for a token that is not a JWT. */
export function claimsIn(accessToken: string): Claims | undefined {
  try {
    return decodeJwt(accessToken)
  } catch {
    return undefined
  }
}

/** Verifies the token as the running gateway would. @throws Refusal */
export async function verified({ config, clock }: World, accessToken: string): Promise<Principal> {
  const log = buildLog({ level: 'fatal' })
  const issuer = new Issuer({ config, clock, log })
  try {
    // A token that is bound to a key is refused before anything is claimed: there is no request here.
    const claimOnce = async () => false
    const verify = buildVerifyAuthorization({ config, issuer, clock, log, claimOnce })
    return (await verify(`Bearer ${accessToken}`, { clientAddress: 'doctor', route: undefined })).principal
  } finally {
    issuer.close()
  }
}
