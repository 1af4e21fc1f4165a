import type { Logger } from 'pino'
import type { Clock } from '../../../shared/clock.ts'
import { messageOf } from '../../../shared/message-of.ts'
import { Refusal } from '../../errors.ts'
import type { Session } from '../session.ts'
import { type SessionBackend, StoreDown } from '../stores/backend.ts'
import { onceAcrossProcesses } from './once-across-processes.ts'
import type { Refreshed, RefreshFailure, RefreshMemory } from './refresh-memory.ts'

/**
 * Requests new tokens from the issuer. `ended`: the issuer says that the grant has ended (`invalid_grant`, RFC 6749
 * §5.2). Rejects when the issuer cannot be reached or fails.
 */
export type RefreshTokens = (session: Session) => Promise<Refreshed | 'ended'>

/** The request that a refresh begins with, as far as it is traced. Others that wait for the same refresh are not named. */
export interface RefreshCause {
  readonly traceId: string
  begin(step: 'refresh'): { end(outcome?: { error: unknown }): void } | undefined
}

/** The sessions as the refresher needs them: always the store's, never a cached copy. */
export interface RefreshStore {
  read(key: string): Promise<Session | undefined>
  update(key: string, change: (session: Session) => Session | undefined): Promise<Session | undefined>
  end(key: string): Promise<unknown>
}

export interface RefresherDeps {
  readonly config: { refreshBeforeSeconds: number; issuerGraceSeconds: number }
  readonly backend: SessionBackend
  readonly store: RefreshStore
  readonly clock: Clock
  readonly log: Logger
  readonly refresh: RefreshTokens | undefined
  readonly memory: RefreshMemory
}

const FIRST_PAUSE_SECONDS = 2
const LONGEST_PAUSE_SECONDS = 30

const pauseSeconds = (failures: number) => Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** failures)

/** When tokens are refreshed, who waits for it, and what a failure means for the session. */
export class Refresher {
  readonly #deps: RefresherDeps
  readonly #before: number
  readonly #grace: number
  readonly #memory: RefreshMemory

  constructor(deps: RefresherDeps) {
    this.#deps = deps
    this.#memory = deps.memory
    this.#before = deps.config.refreshBeforeSeconds * 1000
    this.#grace = deps.config.issuerGraceSeconds * 1000
  }

  /** When a session's tokens are due, in milliseconds since the epoch; never, where nothing can be refreshed. */
  dueAt({ tokens }: Session): number {
    if (this.#deps.refresh === undefined || tokens.refreshToken === undefined) return Number.POSITIVE_INFINITY
    return tokens.accessExpiresAt - this.#before
  }

  /**
   * Whether a request may use the session as it is. Starts a refresh in the background when one is due. With an expired
   * access token no request may, except during the grace period after the issuer failed.
   */
  serves(session: Session, now: number, cause?: RefreshCause): boolean {
    if (now < this.dueAt(session)) return true
    const failure = this.#failureOf(session)
    const { accessExpiresAt } = session.tokens
    if (now >= (failure === undefined ? accessExpiresAt : accessExpiresAt + this.#grace)) return false
    // its failure is logged and remembered; this request does not depend on it
    if (now >= (failure?.retryAt ?? 0)) this.#once(session, cause).catch(() => undefined)
    return true
  }

  /**
   * The session with usable tokens; undefined when the issuer ended the grant. Waits for the issuer only when the access
   * token has expired.
   * @throws Refusal `issuer-down` or `store-down` when the refresh fails after the grace period
   */
  async current(session: Session, cause?: RefreshCause): Promise<Session | undefined> {
    if (this.serves(session, this.#deps.clock(), cause)) return session
    const failure = this.#failureOf(session)
    if (failure !== undefined && this.#deps.clock() < failure.retryAt) throw this.#refusal(failure)
    try {
      return await this.#once(session, cause)
    } catch (error) {
      const failed = this.#failureOf(session)
      if (this.#deps.clock() < session.tokens.accessExpiresAt + this.#grace) return session
      throw failed === undefined ? error : this.#refusal(failed)
    }
  }

  /** Resolves when no refresh is running: a process that stops must not lose a rotated refresh token. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#memory.running.values())
  }

  #once(session: Session, cause: RefreshCause | undefined): Promise<Session | undefined> {
    const { key } = session
    const running = this.#memory.running.get(key)
    if (running !== undefined) return running
    const started = this.#acrossProcesses(session, cause).finally(() => this.#memory.running.delete(key))
    this.#memory.running.set(key, started)
    return started
  }

  async #acrossProcesses(session: Session, cause: RefreshCause | undefined): Promise<Session | undefined> {
    const { backend, clock, store } = this.#deps
    const { key, tokens } = session
    const span = cause?.begin('refresh')
    const outcome = async () => {
      const stored = await store.read(key)
      return stored?.tokens.accessToken === tokens.accessToken ? undefined : { value: stored }
    }
    const retryAfterSeconds = () => pauseSeconds(this.#failureOf(session)?.count ?? 0)
    try {
      const shared = { key, outcome, work: () => this.#refresh(session), retryAfterSeconds }
      const refreshed = await onceAcrossProcesses(backend, clock, shared)
      span?.end()
      return refreshed
    } catch (error) {
      span?.end({ error })
      this.#remember(session, error, cause?.traceId)
      throw error
    }
  }

  async #refresh(session: Session): Promise<Session | undefined> {
    const { refresh } = this.#deps
    const { accessToken } = session.tokens
    const refreshed = this.#memory.unsaved.get(accessToken) ?? (await refresh?.(session))
    if (refreshed === undefined) return session
    if (refreshed === 'ended') return this.#end(session, 'the issuer ended the grant')
    const { issuer, subject } = session.principal
    if (refreshed.principal.issuer !== issuer || refreshed.principal.subject !== subject) {
      return this.#end(session, 'the issuer refreshed to another subject') // OIDC Core §12.2
    }
    this.#memory.unsaved.set(accessToken, refreshed)
    const saved = await this.#save(session, refreshed)
    this.#memory.unsaved.delete(accessToken)
    return saved
  }

  /** Writes the tokens unless another process wrote newer ones first, which are then returned. */
  #save(session: Session, { tokens, principal, losesAcr }: Refreshed): Promise<Session | undefined> {
    const previous = session.tokens
    const refreshToken = tokens.refreshToken ?? previous.refreshToken // not every issuer rotates it (RFC 6749 §6)
    return this.#deps.store.update(session.key, (stored) => {
      if (stored.tokens.accessToken !== previous.accessToken) return undefined
      const { acr, ...rest } = stored
      // Fixed at the sign-in (RFC 9068 §2.2.1): somebody else may have reached another level in the issuer's session since.
      const kept = losesAcr || acr === undefined ? rest : stored
      return { ...kept, principal, tokens: { ...tokens, ...(refreshToken === undefined ? {} : { refreshToken }) } }
    })
  }

  async #end(session: Session, why: string): Promise<Session | undefined> {
    const { store, log } = this.#deps
    const stored = await store.read(session.key)
    // refused because another process used the refresh token first: the result of that process counts
    if (stored !== undefined && stored.tokens.accessToken !== session.tokens.accessToken) return stored
    log.info({ session: session.key.slice(0, 8), why }, 'session ended at refresh')
    await store.end(session.key)
    return undefined
  }

  #failureOf({ tokens }: Session): RefreshFailure | undefined {
    return this.#memory.failures.get(tokens.accessToken)
  }

  #remember({ key, tokens }: Session, error: unknown, trace_id: string | undefined): void {
    const failures = this.#memory.failures.get(tokens.accessToken)?.count ?? 0
    const retryAt = this.#deps.clock() + pauseSeconds(failures) * 1000
    this.#memory.failures.set(tokens.accessToken, { count: failures + 1, retryAt, error })
    const fields = { session: key.slice(0, 8), failures: failures + 1, detail: messageOf(error), trace_id }
    this.#deps.log.warn(fields, 'tokens could not be refreshed')
  }

  #refusal({ error, retryAt }: RefreshFailure): Refusal {
    const seconds = Math.max(1, Math.ceil((retryAt - this.#deps.clock()) / 1000))
    const reason = error instanceof StoreDown ? 'store-down' : 'issuer-down'
    return new Refusal(reason, messageOf(error), { cause: error, headers: { 'Retry-After': String(seconds) } })
  }
}
