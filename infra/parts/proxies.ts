import { ensureDebian } from './debian.ts'
import type { Progress } from './progress.ts'

/** Installs nginx and Caddy from Debian. @throws PartMissing */
export const ensureProxies = (progress?: Progress) =>
  ensureDebian(
    [
      { command: 'nginx', debianPackage: 'nginx-light' },
      { command: 'caddy', debianPackage: 'caddy' },
    ],
    progress,
  )
