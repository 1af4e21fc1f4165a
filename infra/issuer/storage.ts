import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Adapter, AdapterPayload } from 'oidc-provider'

interface Entry {
  readonly payload: AdapterPayload
  /** Milliseconds since the epoch. Absent: never. */
  readonly expiresAt?: number
}

/** All state of the issuer, in one map that can be saved to a file and survive a restart. */
export class Storage {
  #entries = new Map<string, Entry>()

  /** The library's view of the records of one model (`Session`, `RefreshToken`, ...). */
  readonly adapter = (model: string): Adapter => ({
    upsert: async (id, payload, expiresIn) => this.put(model, id, payload, expiresIn),
    find: async (id) => this.#living(`${model}:${id}`),
    findByUid: async (uid) => this.#first(model, (payload) => payload.uid === uid),
    findByUserCode: async (code) => this.#first(model, (payload) => payload.userCode === code),
    destroy: async (id) => void this.#entries.delete(`${model}:${id}`),
    consume: async (id) => {
      const payload = this.#living(`${model}:${id}`)
      if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000)
    },
    revokeByGrantId: async (grantId) => {
      for (const [key, { payload }] of this.#entries) if (payload.grantId === grantId) this.#entries.delete(key)
    },
  })

  /** @param expiresIn Seconds */
  put(model: string, id: string, payload: AdapterPayload, expiresIn?: number): void {
    this.#entries.set(`${model}:${id}`, {
      payload,
      ...(expiresIn !== undefined && { expiresAt: Date.now() + expiresIn * 1000 }),
    })
  }

  /** Loads what `save` wrote. Does nothing if the file does not exist. */
  load(file: string): void {
    if (existsSync(file)) this.#entries = new Map(JSON.parse(readFileSync(file, 'utf8')))
  }

  save(file: string): void {
    const living = [...this.#entries].filter(([key]) => this.#living(key) !== undefined)
    writeFileSync(file, JSON.stringify(living), { mode: 0o600 })
  }

  #living(key: string): AdapterPayload | undefined {
    const entry = this.#entries.get(key)
    if (entry?.expiresAt === undefined || entry.expiresAt > Date.now()) return entry?.payload
    this.#entries.delete(key)
    return undefined
  }

  #first(model: string, matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined {
    for (const [key, { payload }] of this.#entries) {
      if (key.startsWith(`${model}:`) && matches(payload)) return this.#living(key)
    }
    return undefined
  }
}
