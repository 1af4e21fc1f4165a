import type { Logger } from 'pino'
import { boundedCache } from '../../shared/bounded-cache.ts'
import type { Clock } from '../../shared/clock.ts'
import { Refusal } from '../errors.ts'
import type { Principal } from '../policy/types.ts'
import { onceAcrossProcesses } from './lease.ts'
import type { Session, Tokens } from './session.ts'
import { type SessionBackend, StoreDown } from './stores/backend.ts'

/**
 * Asks the issuer for new tokens. `ended`: the issuer says the grant is over (`invalid_grant`, RFC 6749 §5.2).
 * Rejects when the issuer cannot be reached or answers with its own failure.
 */
export type RefreshTokens = (session: Session) => Promise<Refreshed | 'ended'>

interface Refreshed {
  readonly tokens: Tokens
  readonly principal: Principal
}

/** The sessions as the refresher sees them: always the store's, never a cached copy. */
export interface RefreshStore {
  read(key: string): Promise<Session | undefined>
  update(key: string, change: (session: Session) => Session | undefined): Promise<Session | undefined>
  end(key: string): Promise<unknown>
}

const FIRST_PAUSE_SECONDS = 2
const LONGEST_PAUSE_SECONDS = 30
const REMEMBERED = 10_000

/** What is under way and what failed; outlives a change of settings, because a rotated grant cannot be asked twice. */
export class RefreshMemory {
  readonly running = new Map<string, Promise<Session | undefined>>()
  /** By access token: with another one the story begins anew. */
  readonly failures = boundedCache<Failure>(REMEMBERED)
  /** What the issuer gave for an access token and the store did not take. */
  readonly unsaved = boundedCache<Refreshed>(REMEMBERED)
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

/** An attempt that failed, by network or store; the grant itself may be fine. */
interface Failure {
  readonly count: number
  /** Milliseconds since the epoch. */
  readonly retryAt: number
  readonly error: unknown
}

const pauseSeconds = (failures: number) => Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** failures)
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** When tokens are renewed, who waits for it, and what a failure means for the session. */
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

  /** When the session's tokens are due, in milliseconds since the epoch; never, where nothing can be refreshed. */
  dueAt({ tokens }: Session): number {
    if (this.#deps.refresh === undefined || tokens.refreshToken === undefined) return Number.POSITIVE_INFINITY
    return tokens.accessExpiresAt - this.#before
  }

  /**
   * Whether a request may go on with the session as it is. Starts a refresh behind the request when one is due; an
   * expired access token lets nobody pass, unless the issuer just failed and the grace runs.
   */
  serves(session: Session, now: number): boolean {
    if (now < this.dueAt(session)) return true
    const failure = this.#failureOf(session)
    const { accessExpiresAt } = session.tokens
    if (now >= (failure === undefined ? accessExpiresAt : accessExpiresAt + this.#grace)) return false
    // its failure is logged and remembered; this request does not depend on it
    if (now >= (failure?.retryAt ?? 0)) this.#once(session).catch(() => undefined)
    return true
  }

  /**
   * The session with tokens that may be used; undefined when the issuer ended the grant. Waits for the issuer only
   * when the access token has expired.
   * @throws Refusal `issuer-down` or `store-down` when it cannot be refreshed and the grace is over
   */
  async current(session: Session): Promise<Session | undefined> {
    if (this.serves(session, this.#deps.clock())) return session
    const failure = this.#failureOf(session)
    if (failure !== undefined && this.#deps.clock() < failure.retryAt) throw this.#refusal(failure)
    try {
      return await this.#once(session)
    } catch (error) {
      const failed = this.#failureOf(session)
      if (this.#deps.clock() < session.tokens.accessExpiresAt + this.#grace) return session
      throw failed === undefined ? error : this.#refusal(failed)
    }
  }

  /** Resolves when no refresh is under way: a process that stops must not lose a rotated refresh token. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#memory.running.values())
  }

  #once(session: Session): Promise<Session | undefined> {
    const { key } = session
    const running = this.#memory.running.get(key)
    if (running !== undefined) return running
    const started = this.#acrossProcesses(session).finally(() => this.#memory.running.delete(key))
    this.#memory.running.set(key, started)
    return started
  }

  async #acrossProcesses(session: Session): Promise<Session | undefined> {
    const { backend, clock, store } = this.#deps
    const { key, tokens } = session
    const outcome = async () => {
      const present = await store.read(key)
      return present?.tokens.accessToken === tokens.accessToken ? undefined : { value: present }
    }
    const retryAfterSeconds = () => pauseSeconds(this.#failureOf(session)?.count ?? 0)
    try {
      const shared = { key, outcome, work: () => this.#renew(session), retryAfterSeconds }
      return await onceAcrossProcesses(backend, clock, shared)
    } catch (error) {
      this.#remember(session, error)
      throw error
    }
  }

  async #renew(session: Session): Promise<Session | undefined> {
    const { refresh } = this.#deps
    const { accessToken } = session.tokens
    const answer = this.#memory.unsaved.get(accessToken) ?? (await refresh?.(session))
    if (answer === undefined) return session
    if (answer === 'ended') return this.#end(session, 'the issuer ended the grant')
    const { issuer, subject } = session.principal
    if (answer.principal.issuer !== issuer || answer.principal.subject !== subject) {
      return this.#end(session, 'the issuer refreshed to another subject') // OIDC Core §12.2
    }
    this.#memory.unsaved.set(accessToken, answer)
    const saved = await this.#save(session, answer)
    this.#memory.unsaved.delete(accessToken)
    return saved
  }

  /** Writes the tokens unless another process was quicker; then its tokens stand. */
  #save(session: Session, { tokens, principal }: Refreshed): Promise<Session | undefined> {
    const former = session.tokens
    const refreshToken = tokens.refreshToken ?? former.refreshToken // not every issuer rotates (RFC 6749 §6)
    return this.#deps.store.update(session.key, (present) => {
      if (present.tokens.accessToken !== former.accessToken) return undefined
      return { ...present, principal, tokens: { ...tokens, ...(refreshToken === undefined ? {} : { refreshToken }) } }
    })
  }

  async #end(session: Session, why: string): Promise<Session | undefined> {
    const { store, log } = this.#deps
    const present = await store.read(session.key)
    // refused because another process had used the refresh token first: its result is the one that counts
    if (present !== undefined && present.tokens.accessToken !== session.tokens.accessToken) return present
    log.info({ session: session.key.slice(0, 8), why }, 'session ended at refresh')
    await store.end(session.key)
    return undefined
  }

  #failureOf({ tokens }: Session): Failure | undefined {
    return this.#memory.failures.get(tokens.accessToken)
  }

  #remember({ key, tokens }: Session, error: unknown): void {
    const failures = this.#memory.failures.get(tokens.accessToken)?.count ?? 0
    const retryAt = this.#deps.clock() + pauseSeconds(failures) * 1000
    this.#memory.failures.set(tokens.accessToken, { count: failures + 1, retryAt, error })
    const fields = { session: key.slice(0, 8), failures: failures + 1, detail: messageOf(error) }
    this.#deps.log.warn(fields, 'tokens could not be refreshed')
  }

  #refusal({ error, retryAt }: Failure): Refusal {
    const seconds = Math.max(1, Math.ceil((retryAt - this.#deps.clock()) / 1000))
    const reason = error instanceof StoreDown ? 'store-down' : 'issuer-down'
    return new Refusal(reason, messageOf(error), { cause: error, headers: { 'Retry-After': String(seconds) } })
  }
}
