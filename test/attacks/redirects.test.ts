import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Browser } from '../browser.ts'
import { type Kit, signIn, startKit } from '../kit.ts'
import { fill, readLines, unescapeText } from './case-file.ts'

/** Where the browser ends after a complete sign-in at the issuer, for each `return_to` of `cases/redirects.txt`. */

let kit: Kit
before(async () => {
  kit = await startKit()
})
after(() => kit.close())

for (const line of readLines('redirects').filter((each) => each.includes(' -> '))) {
  const [from = '', landing = ''] = line.split(' -> ')
  test(`redirects: ${JSON.stringify(from)} ends at ${landing}`, async () => {
    const { host } = new URL(kit.url)
    const values = { host, origin: kit.url }
    const target = from === '*-empty-*' ? '' : unescapeText(fill(from, values))
    const bytes = Buffer.from(target, 'latin1')
    const encoded = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
    const page = await signIn(new Browser(), `${kit.url}/auth/login?return_to=${encoded}`, 'bob')
    assert.equal(page.url.origin, kit.url)
    assert.equal(page.url.pathname + page.url.search, fill(landing, values))
  })
}
