import { Browser } from '../../browser.ts'
import { signIn } from '../../kit.ts'
import type { Monitoring, Scraped } from './monitoring.ts'

/** Gateways of one job with everything they need, and the faults that are made there. */
export interface Deployment extends Scraped {
  /** Makes faults, sees the alerts fire, mends, and sees them resolve. */
  run(monitoring: Monitoring): Promise<void>
  /** Alerts of {@link run}, and what else the same faults may cause. */
  readonly expected: readonly string[]
}

/** Starts a deployment. @param folder For its files @param parts Closes what was started, also if the rest fails */
export type Scenario = (folder: string, parts: AsyncDisposableStack) => Promise<Deployment>

/** Closes this at the end. */
export const keep = <T extends { close(): Promise<unknown> }>(parts: AsyncDisposableStack, part: T): T =>
  parts.adopt(part, async (each) => void (await each.close()))

/** Signs this user in on the way to a page. Resolves to the cookie header of the session. */
export async function cookieOf(url: string, username: string): Promise<string> {
  const browser = new Browser()
  const page = await signIn(browser, url, username)
  if (page.status !== 200) throw new Error(`signing in ended at ${page.url} (${page.status})`)
  return browser.cookieHeader(new URL(url))
}
