import { ensureDebian } from './debian.ts'
import type { Progress } from './progress.ts'

/** nginx and Caddy as Debian packages them. @throws PartMissing */
export const ensureProxies = (progress?: Progress) =>
  ensureDebian(
    [
      { command: 'nginx', debianPackage: 'nginx-light' },
      { command: 'caddy', debianPackage: 'caddy' },
    ],
    progress,
  )
