import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { buffer } from 'node:stream/consumers'

/** A minimal browser: a cookie jar, redirects and forms. Cookies ignore ports, as in real browsers (RFC 6265 §8.5). */

interface Cookie {
  readonly value: string
  readonly path: string
}

export interface Send {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string | URLSearchParams
}

export interface Page {
  readonly url: URL
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export class Browser {
  readonly #cookies = new Map<string, Map<string, Cookie>>()

  /** One request, without following redirects. */
  async fetch(url: string | URL, init: Send = {}): Promise<Response> {
    const target = new URL(url)
    const cookie = this.cookieHeader(target)
    const response = await send(target, { ...init, headers: { ...(cookie !== '' && { cookie }), ...init.headers } })
    this.#keep(target, response.headers.getSetCookie())
    return response
  }

  /** A page navigation: follows redirects to their end. @throws Error on a loop */
  async open(url: string | URL, init: Send = {}): Promise<Page> {
    let target = new URL(url)
    let next = init
    for (let hops = 0; hops < 20; hops += 1) {
      const response = await this.fetch(target, { ...next, headers: { ...NAVIGATION, ...next.headers } })
      const text = await response.text()
      const location = redirectOf(response, text)
      if (location === undefined) return { url: target, status: response.status, headers: response.headers, text }
      const fragment = target.hash
      target = new URL(location, target)
      if (target.hash === '') target.hash = fragment
      next = response.status === 307 || response.status === 308 ? next : {}
    }
    throw new Error(`more than 20 redirects, the last to ${target.pathname}`)
  }

  /** Sends the page's last form with its hidden fields and `fields`, as a click on its button does. */
  async submit(page: Page, fields: Record<string, string> = {}): Promise<Page> {
    const form = lastForm(page)
    const body = new URLSearchParams({ ...form.hidden, ...fields })
    const origin = page.url.origin
    const headers = { origin, referer: page.url.href, 'sec-fetch-site': 'same-origin' }
    return await this.open(new URL(form.action, page.url), { method: 'POST', body, headers })
  }

  cookieHeader(url: URL): string {
    const jar = this.#cookies.get(url.hostname) ?? new Map<string, Cookie>()
    const matching = [...jar].filter(([, { path }]) => url.pathname.startsWith(path))
    return matching.map(([name, { value }]) => `${name}=${value}`).join('; ')
  }

  #keep(url: URL, lines: readonly string[]): void {
    const jar = this.#cookies.get(url.hostname) ?? new Map<string, Cookie>()
    this.#cookies.set(url.hostname, jar)
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
      const [name = '', ...value] = pair.split('=')
      const attribute = (key: string) =>
        attributes.find((each) => each.toLowerCase().startsWith(`${key}=`))?.slice(key.length + 1)
      const isExpired = attribute('max-age') === '0' || Date.parse(attribute('expires') ?? '') < Date.now()
      if (isExpired) jar.delete(name)
      else jar.set(name, { value: value.join('='), path: attribute('path') ?? '/' })
    }
  }
}

/** One request with `node:http`: the built-in fetch would replace the `Sec-Fetch-Mode` of a navigation by `cors`. */
async function send(url: URL, { method = 'GET', headers = {}, body }: Send): Promise<Response> {
  const form = body instanceof URLSearchParams && { 'content-type': 'application/x-www-form-urlencoded' }
  const open = url.protocol === 'https:' ? secureRequest : request
  const outgoing = open(url, { method, headers: { ...form, ...headers }, agent: false })
  outgoing.end(body?.toString())
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  const responseHeaders = new Headers()
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) responseHeaders.append(name, value)
  }
  const status = incoming.statusCode ?? 0
  const content = await buffer(incoming)
  return new Response([101, 204, 205, 304].includes(status) ? null : content, { status, headers: responseHeaders })
}

/** Where a response redirects the browser: by its status, or by a page that refreshes itself at once. */
function redirectOf({ status, headers }: Response, text: string): string | undefined {
  if (status >= 300 && status <= 399) return headers.get('location') ?? undefined
  const refresh = /<meta http-equiv="refresh" content="0;url=([^"]*)"/.exec(text)?.[1]
  return refresh === undefined ? undefined : unescapeHtml(refresh)
}

const NAVIGATION = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }

const unescapeHtml = (text: string) =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

function lastForm({ text }: Page): { action: string; hidden: Record<string, string> } {
  const form = [...text.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].at(-1)
  if (form === undefined) throw new Error(`no form in: ${text.slice(0, 300)}`)
  const id = attributeOf(form[1] ?? '', 'id')
  const outside =
    id === undefined ? [] : [...text.matchAll(/<input\b[^>]*>/g)].filter(([tag]) => attributeOf(tag, 'form') === id)
  const inputs = [...(form[2] ?? '').matchAll(/<input\b[^>]*>/g), ...outside].map(([tag]) => tag)
  const hidden = inputs.filter((tag) => attributeOf(tag, 'type') === 'hidden')
  const fields = hidden.map((tag) => [attributeOf(tag, 'name') ?? '', attributeOf(tag, 'value') ?? ''])
  return { action: attributeOf(form[1] ?? '', 'action') ?? '', hidden: Object.fromEntries(fields) }
}

function attributeOf(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]
  return value === undefined ? undefined : unescapeHtml(value)
}
