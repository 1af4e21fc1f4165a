import { logIn } from '../subjects.ts'
import type { Stage } from './stage.ts'

const COUNT = 30

/** Whole logins, one after the other, each as a browser does it. */
export async function logins({ report, oauth2Proxy, gateway }: Stage): Promise<void> {
  report.heading('Whole logins a second (with the embedded issuer on the other core)')
  const rows: string[][] = []
  for (const { name, url, cookieName } of [oauth2Proxy, gateway]) {
    const from = performance.now()
    for (let i = 0; i < COUNT; i += 1) await logIn(url, cookieName)
    rows.push([name, (COUNT / ((performance.now() - from) / 1000)).toFixed(1)])
  }
  report.table(['subject', 'logins/s'], rows)
}
