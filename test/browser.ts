/** A browser without a screen: fetch, a cookie jar, redirects and forms. Cookies ignore ports, as browsers do (RFC 6265 §8.5). */

interface Cookie {
  readonly value: string
  readonly path: string
}

export interface Page {
  readonly url: URL
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export class Browser {
  readonly #cookies = new Map<string, Map<string, Cookie>>()

  /** One exchange, no redirect followed. */
  async fetch(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const target = new URL(url)
    const headers = new Headers(init.headers)
    const cookie = this.cookieHeader(target)
    if (cookie !== '') headers.set('cookie', cookie)
    const response = await fetch(target, { ...init, headers, redirect: 'manual' })
    this.#keep(target, response.headers.getSetCookie())
    return response
  }

  /** A page navigation: follows redirects to their end. @throws Error on a loop */
  async open(url: string | URL, init: RequestInit = {}): Promise<Page> {
    let target = new URL(url)
    let next: RequestInit = init
    for (let hops = 0; hops < 20; hops += 1) {
      const response = await this.fetch(target, { ...next, headers: { ...NAVIGATION, ...next.headers } })
      const location = response.headers.get('location')
      if (location === null || response.status < 300 || response.status > 399) {
        return { url: target, status: response.status, headers: response.headers, text: await response.text() }
      }
      await response.arrayBuffer()
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
    const fitting = [...jar].filter(([, { path }]) => url.pathname.startsWith(path))
    return fitting.map(([name, { value }]) => `${name}=${value}`).join('; ')
  }

  #keep(url: URL, lines: readonly string[]): void {
    const jar = this.#cookies.get(url.hostname) ?? new Map<string, Cookie>()
    this.#cookies.set(url.hostname, jar)
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
      const [name = '', ...value] = pair.split('=')
      const attribute = (key: string) =>
        attributes.find((each) => each.toLowerCase().startsWith(`${key}=`))?.slice(key.length + 1)
      const isGone = attribute('max-age') === '0' || Date.parse(attribute('expires') ?? '') < Date.now()
      if (isGone) jar.delete(name)
      else jar.set(name, { value: value.join('='), path: attribute('path') ?? '/' })
    }
  }
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
  const elsewhere =
    id === undefined ? [] : [...text.matchAll(/<input\b[^>]*>/g)].filter(([tag]) => attributeOf(tag, 'form') === id)
  const inputs = [...(form[2] ?? '').matchAll(/<input\b[^>]*>/g), ...elsewhere].map(([tag]) => tag)
  const hidden = inputs.filter((tag) => attributeOf(tag, 'type') === 'hidden')
  const fields = hidden.map((tag) => [attributeOf(tag, 'name') ?? '', attributeOf(tag, 'value') ?? ''])
  return { action: attributeOf(form[1] ?? '', 'action') ?? '', hidden: Object.fromEntries(fields) }
}

function attributeOf(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]
  return value === undefined ? undefined : unescapeHtml(value)
}
