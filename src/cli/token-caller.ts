import { readFileSync } from 'node:fs'
import type { Config } from '../gateway/config/schema.ts'
import { Refusal } from '../gateway/errors.ts'
import { authenticationClaims } from '../gateway/issuer/authentication.ts'
import { principalOf } from '../gateway/issuer/claims.ts'
import { buildLog } from '../gateway/observability/log.ts'
import type { Grant, Principal } from '../gateway/policy/types.ts'
import { buildForeignPrincipal } from '../gateway/tokens/bearer/foreign-principal.ts'
import { compileRules } from '../gateway/tokens/rules/compile-rules.ts'
import { type NearestRule, nearestRule } from '../gateway/tokens/rules/match-rules.ts'
import { messageOf } from '../shared/message-of.ts'
import { checkAccessTokenType } from '../shared/tokens/access-token-rules.ts'
import { callerKind } from '../shared/tokens/caller-kind.ts'
import type { Claims } from '../shared/tokens/claims.ts'
import { parseCompactJwt } from '../shared/tokens/compact-jwt.ts'
import { printableClaim } from '../shared/tokens/printable-claim.ts'
import { CliError } from './cli-error.ts'

/** Who the gateway would take the holder of a token for. Its signature is not verified. */
export interface TokenCaller {
  /** Undefined: the token would be denied before anything is decided. */
  readonly principal: Principal | undefined
  readonly refusal?: Refusal
  /** What is wrong with the token, or was when it was read. */
  readonly notes: readonly string[]
  /** Rules that match. */
  readonly grants: readonly Grant[]
  /** Where none of them does. */
  readonly nearest?: NearestRule | undefined
}

type Additional = Config['issuer']['additional'][number]

/** @param now Milliseconds since the epoch. @throws CliError for a file without a JWT */
export function callerOfToken(file: string, config: Config, now: number): TokenCaller {
  const { header, claims } = readToken(file)
  const { issuer } = config
  const additional = issuer.additional.find(({ url }) => url === claims.iss)
  const isOwn = claims.iss === issuer.url
  const expected = additional ?? {
    audiences: issuer.audiences ?? [issuer.clientId],
    accessTokenTypes: issuer.accessTokenTypes,
  }
  const mistakes = [
    ...(isOwn || additional ? [] : [issuerMistake(claims, issuer)]),
    ...audienceMistakes(claims, expected.audiences),
    ...typeMistakes(header, claims, expected.accessTokenTypes),
  ]
  const notes = [...mistakes, ...timeNotes(claims, now)]
  if (mistakes.length > 0)
    return { principal: undefined, refusal: new Refusal('token-invalid', 'explain'), notes, ...rulesOf(additional) }
  if (additional) return { ...callerByRules(additional, config, claims), notes }
  return { principal: ownPrincipal(claims, issuer, now), grants: [], notes }

  function rulesOf(one: Additional | undefined): Pick<TokenCaller, 'grants' | 'nearest'> {
    return one ? callerByRules(one, config, claims) : { grants: [] }
  }
}

const HOW_TO_WRITE_IT =
  'Write the token on one line, as three parts with dots between them. If you left the signature out, end the line with `.x`.'

function readToken(file: string) {
  try {
    return parseCompactJwt(readFileSync(file, 'utf8').trim())
  } catch (error) {
    throw new CliError(`--token-file: expected a file with a JWT, got ${messageOf(error)}. ${HOW_TO_WRITE_IT}`)
  }
}

const log = buildLog({ level: 'error' })

function ownPrincipal(claims: Claims, issuer: Config['issuer'], now: number): Principal {
  try {
    const authentication = authenticationClaims(claims, now, issuer.clockSkewSeconds)
    return { ...principalOf(claims, issuer, log), ...callerKind(claims), authentication }
  } catch (error) {
    throw new CliError(`--token-file: expected an access token, got ${messageOf(error)}`)
  }
}

function callerByRules(one: Additional, config: Config, claims: Claims): Omit<TokenCaller, 'notes'> {
  try {
    const principal = buildForeignPrincipal(one, config.projects, log)(claims)
    return { principal, grants: principal.grants ?? [] }
  } catch (error) {
    if (!(error instanceof Refusal) || error.reason !== 'no-rule-matches')
      throw new CliError(`--token-file: expected an access token, got ${messageOf(error)}`)
    const nearest = nearestRule(compileRules(one.rules, config.projects), claims)
    return { principal: undefined, refusal: error, grants: [], nearest }
  }
}

function issuerMistake({ iss }: Claims, { url, additional }: Config['issuer']): string {
  const known = [url, ...additional.map((one) => one.url)]
  const received = typeof iss === 'string' ? printableClaim(iss) : 'none'
  return `iss: expected ${known.join(' or ')}, exactly; got ${received}`
}

function audienceMistakes({ aud }: Claims, audiences: readonly string[]): readonly string[] {
  const received = [aud].flat().filter((each) => typeof each === 'string')
  if (received.some((each) => audiences.includes(each))) return []
  return [`aud: expected ${audiences.join(' or ')}; got ${received.map(printableClaim).join(', ') || 'none'}`]
}

function typeMistakes(header: Claims, claims: Claims, types: readonly string[]): readonly string[] {
  try {
    checkAccessTokenType(header, claims, types)
    return []
  } catch (error) {
    return [messageOf(error)]
  }
}

/** A token that was copied a while ago still says what its rules would make of a new one. */
function timeNotes({ exp }: Claims, now: number): readonly string[] {
  if (typeof exp !== 'number') return ['exp: expected a number, got none; the gateway denies the token (401)']
  return exp * 1000 > now
    ? []
    : ['exp: the token has expired; the gateway denies it (401), and decides as follows on a new one']
}
