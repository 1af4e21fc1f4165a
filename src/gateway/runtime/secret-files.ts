import { statSync } from 'node:fs'
import type { SecretFile } from '../observability/metrics/reload-metrics.ts'

/** Called for each `${file:PATH}` that a configuration contains. @param key Dotted path of the key */
export type OnFile = (key: string, file: string) => void

/** The files that the last loaded configuration refers to. */
export class SecretFiles {
  /** By key. */
  current: ReadonlyMap<string, SecretFile> = new Map()

  /** @param load Loads a configuration. What it throws leaves the files as they are. */
  load<T>(load: (onFile: OnFile) => T): T {
    const found = new Map<string, ReadFiles>()
    const loaded = load((key, file) => {
      const files = found.get(key) ?? new ReadFiles()
      files.add(file)
      found.set(key, files)
    })
    this.current = found
    return loaded
  }
}

/** The files of one key: a value may refer to several. */
class ReadFiles implements SecretFile {
  /** When each was last written, in milliseconds since the epoch, as it was read. */
  readonly #writtenAt = new Map<string, number>()

  add(file: string): void {
    const writtenAt = lastWrite(file)
    if (writtenAt !== undefined) this.#writtenAt.set(file, writtenAt)
  }

  get changedAt(): number | undefined {
    return this.#writtenAt.size === 0 ? undefined : Math.max(...this.#writtenAt.values())
  }

  /** A file that is missing for a moment, while it is replaced, has not changed. */
  isOutdated(): boolean {
    return [...this.#writtenAt].some(([file, writtenAt]) => (lastWrite(file) ?? writtenAt) !== writtenAt)
  }
}

const lastWrite = (file: string): number | undefined => {
  try {
    return statSync(file, { throwIfNoEntry: false })?.mtimeMs
  } catch {
    return undefined // its folder can no longer be read
  }
}
