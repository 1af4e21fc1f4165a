import { statSync } from 'node:fs'

/** Called for each `${file:PATH}` that a configuration contains. @param key Dotted path of the key */
export type OnFile = (key: string, file: string) => void

/** When the files that the last loaded configuration refers to were written. */
export class SecretFiles {
  /** By key, in milliseconds since the epoch. */
  changedAt: ReadonlyMap<string, number> = new Map()

  /** @param load Loads a configuration. What it throws leaves the times as they are. */
  load<T>(load: (onFile: OnFile) => T): T {
    const found = new Map<string, number>()
    const loaded = load((key, file) => {
      const { mtimeMs = 0 } = statSync(file, { throwIfNoEntry: false }) ?? {}
      // One value may refer to several files.
      if (mtimeMs > 0) found.set(key, Math.max(mtimeMs, found.get(key) ?? 0))
    })
    this.changedAt = found
    return loaded
  }
}
