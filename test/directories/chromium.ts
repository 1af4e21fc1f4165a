import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BrowserContext, chromium } from 'playwright-core'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { CHROMIUM_FLAGS } from '../e2e/world.ts'

/** The host to which the browser may present a Kerberos ticket. */
const NEGOTIATE = '--auth-server-allowlist=localhost'

/**
 * On Linux, Chromium loads the Kerberos library only in profiles that have met a challenge before: in a new profile, the
 * first page that asks for a ticket gets none.
 */
const KNOWS_NEGOTIATE = JSON.stringify({ net: { received_http_auth_negotiate_headers: true } })

/**
 * Chromium with a new profile in the folder, and the Kerberos tickets that the environment names. It is not a private
 * window: Chromium presents no ticket in those.
 */
export async function openProfile(folder: string, env: Record<string, string>): Promise<BrowserContext> {
  const profile = mkdtempSync(join(folder, 'profile-'))
  writeFileSync(join(profile, 'Local State'), KNOWS_NEGOTIATE)
  return chromium.launchPersistentContext(profile, {
    executablePath: await ensureChromium(),
    args: [...CHROMIUM_FLAGS, NEGOTIATE],
    env: { ...process.env, ...env },
  })
}
