import type { Stage } from './play.ts'

/** Signs out in the browser, at the issuer, and returns to the gateway. */
export async function signOut({ browser }: Stage, returnTo?: string) {
  const page = await browser.post('/auth/logout', returnTo === undefined ? {} : { return_to: returnTo })
  const [, action = ''] = /method="post" action="([^"]+)"/.exec(page.text) ?? []
  const fields = new URLSearchParams(hiddenFields(page.text))
  const atIssuer = await fetch(action, { method: 'POST', body: fields, redirect: 'manual' })
  const { pathname, search } = new URL(atIssuer.headers.get('location') ?? '')
  return { landed: await browser.open(pathname + search), hint: fields.get('id_token_hint') ?? '', fields }
}

const hiddenFields = (text: string): [string, string][] =>
  [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(([, name = '', value = '']) => [
    name,
    value,
  ])
