import { createRequire } from 'node:module'

/** Version of the package that this file belongs to; `src` and `dist` are at the same depth. */
export function packageVersion(): string {
  const { version } = createRequire(import.meta.url)('../../../package.json') as { version: string }
  return version
}
