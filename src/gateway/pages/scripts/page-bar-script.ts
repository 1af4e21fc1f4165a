/** What the script changes in an application's page. Selectors that match nothing do nothing. */
export interface PageAdjustments {
  readonly hidden: readonly string[]
  /** From editors and viewers. */
  readonly hiddenFromMembers: readonly string[]
  readonly hiddenFromViewers: readonly string[]
  /** Values of the page's local storage. */
  readonly storage: Readonly<Record<string, string>>
}

/**
 * The script that the gateway adds to an application's page. It shows the project, the role and the way to the other
 * applications, and says when the session has ended instead of leaving a page that no longer works. It runs in a shadow
 * root, so that the application's style and its own do not touch each other. Where a part of the application requires a
 * step-up, it says so and leads to the issuer.
 *
 * It asks `/auth/session` when the page opens, when the person comes back to it, when the application got a 401, and when
 * the session should have ended: never regularly, because each question is a use of the session.
 */
export const pageBarScript = ({
  hidden,
  hiddenFromMembers,
  hiddenFromViewers,
  storage,
}: PageAdjustments): string => `(() => {
'use strict'
if (window.top !== window || document.getElementById('modelops-gateway')) return
const ask = window.fetch.bind(window)
const WARN_MS = 300000
const here = () => location.pathname + location.search + location.hash
const to = (path) => path + '?return_to=' + encodeURIComponent(here())

// A rule for each selector: a browser drops a whole list for one that it does not know.
const hideEntries = (selectors) => {
  const rules = new CSSStyleSheet()
  rules.replaceSync(selectors.map((selector) => selector + '{display:none!important}').join(' '))
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, rules]
}
hideEntries(${JSON.stringify(hidden)})
try {
  for (const [name, value] of Object.entries(${JSON.stringify(storage)})) localStorage.setItem(name, value)
} catch {
  // Storage may be switched off.
}

const host = document.createElement('div')
host.id = 'modelops-gateway'
const root = host.attachShadow({ mode: 'closed' })
const sheet = new CSSStyleSheet()
sheet.replaceSync(
  ':host{all:initial;color-scheme:light dark;--card:#fff;--ink:#1b1f27;--soft:#596273;--line:#c9cfda;--accent:#1f54c4}' +
  '@media (prefers-color-scheme:dark){:host{--card:#1b2029;--ink:#e9ecf2;--soft:#a3adbd;--line:#3b4452;--accent:#8fb3ff}}' +
  '*{box-sizing:border-box;font:14px/1.4 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}' +
  '.bar{position:fixed;right:12px;bottom:12px;z-index:2147483000;color:var(--ink);max-width:calc(100vw - 24px)}' +
  'summary{list-style:none;cursor:pointer;background:var(--card);border:1px solid var(--line);border-radius:99px;' +
  'padding:4px 12px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;box-shadow:0 1px 4px #0003}' +
  'summary::-webkit-details-marker{display:none}' +
  'summary b{font-weight:650}summary span,.soft{color:var(--soft)}' +
  '.menu{position:absolute;right:0;bottom:calc(100% + 6px);min-width:220px;max-height:70vh;overflow:auto;' +
  'background:var(--card);border:1px solid var(--line);border-radius:10px;padding:6px;box-shadow:0 4px 16px #0004}' +
  '.menu a,.menu button{display:block;width:100%;text-align:left;background:none;border:0;border-radius:6px;' +
  'padding:6px 10px;color:var(--ink);text-decoration:none;cursor:pointer}' +
  '.menu a:hover,.menu button:hover{background:color-mix(in srgb,var(--accent) 14%,transparent)}' +
  '.menu p{margin:6px 10px 2px;color:var(--soft);font-size:12px}hr{border:0;border-top:1px solid var(--line);margin:4px 0}' +
  ':focus-visible{outline:3px solid var(--accent);outline-offset:1px}' +
  'dialog{border:1px solid var(--line);border-radius:12px;background:var(--card);color:var(--ink);padding:20px;' +
  'max-width:min(420px,calc(100vw - 32px))}dialog::backdrop{background:#0008}' +
  'h2{font-size:18px;font-weight:650;margin:0 0 6px}dialog p{margin:6px 0}' +
  '.actions{display:flex;flex-wrap:wrap;gap:8px;margin-top:14px}' +
  '.actions a,.actions button{border:1px solid var(--accent);border-radius:8px;padding:6px 12px;font-weight:600;' +
  'color:var(--accent);background:none;text-decoration:none;cursor:pointer}' +
  '.actions a:first-child{background:var(--accent);color:var(--card)}'
)
root.adoptedStyleSheets = [sheet]

const make = (name, properties, ...children) => {
  const element = Object.assign(document.createElement(name), properties)
  element.append(...children)
  return element
}

let session
let timer
let hiddenFor
let dialog

async function check() {
  clearTimeout(timer)
  let response
  try {
    response = await ask('/auth/session', { headers: { accept: 'application/json' }, credentials: 'same-origin' })
  } catch {
    return
  }
  if (response.status === 401) return ended()
  if (!response.ok) return
  const next = await response.json()
  if (session && session.subject !== next.subject) return location.reload()
  session = next
  close()
  show()
  const [end, idle] = [Date.parse(next.expires_at), Date.parse(next.idle_expires_at)]
  const left = end - Date.now()
  if (left < WARN_MS) warn(end)
  const wake = Math.min(idle + 1000, left > WARN_MS ? end - WARN_MS : end + 1000) - Date.now()
  if (wake > 0) timer = setTimeout(check, Math.min(wake, 2147483647))
}

function projectHere() {
  const { projects, applications, selected_project: selected } = session
  const application = applications.find(({ url }) => location.href.startsWith(url))
  const [segment] = application ? location.href.slice(application.url.length).split(/[/?#]/) : []
  return projects.find(({ id, name }) => name === segment || id === (segment || '').toLowerCase()) ||
    projects.find(({ id }) => id === selected) || (projects.length === 1 ? projects[0] : undefined)
}

function show() {
  const project = projectHere()
  const name = project ? project.name : 'All projects'
  const role = project ? project.role : session.admin ? 'admin' : ''
  if (role !== 'admin' && role !== hiddenFor) {
    hiddenFor = role
    hideEntries(${JSON.stringify(hiddenFromMembers)})
    if (role === 'viewer') hideEntries(${JSON.stringify(hiddenFromViewers)})
  }
  const summary = make('summary', { title: 'ModelOps gateway' }, make('b', { textContent: name }),
    make('span', { textContent: role ? ' · ' + role : '' }))
  summary.setAttribute('aria-label', 'Project ' + name + (role ? ', ' + role : '') + ': menu of the gateway')
  const link = (text, href) => make('a', { textContent: text, href })
  const signOut = make('form', { method: 'post', action: '/auth/logout' }, make('button', { textContent: 'Sign out' }))
  const hide = make('button', { type: 'button', textContent: 'Hide until the next page' })
  hide.addEventListener('click', () => bar.remove())
  const menu = make('nav', { className: 'menu' }, make('p', { textContent: 'Signed in as ' + session.username }),
    link('Switch project', to('/auth/project')), make('hr', {}),
    ...session.applications.filter(({ type }) => type === 'web').map(({ title, url }) => link(title, url)),
    link('Start page', '/'), make('hr', {}), hide, signOut)
  menu.setAttribute('aria-label', 'ModelOps gateway')
  const bar = make('details', { className: 'bar' }, summary, menu)
  bar.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape') return
    bar.open = false
    summary.focus()
  })
  const before = root.querySelector('.bar')
  if (before && before.open) return
  if (before) before.remove()
  root.append(bar)
}

function open(title, text, actions) {
  close()
  dialog = make('dialog', {}, make('h2', { textContent: title }), make('p', { textContent: text }),
    make('div', { className: 'actions' }, ...actions))
  dialog.setAttribute('aria-label', title)
  root.append(dialog)
  dialog.showModal()
}

function close() {
  if (dialog) dialog.remove()
  dialog = undefined
}

const signIn = () => make('a', { textContent: 'Sign in again', href: to('/auth/login') })
const inNewTab = () => make('a', { textContent: 'Sign in in a new tab', href: '/auth/login', target: '_blank', rel: 'noopener' })

function ended() {
  if (dialog && dialog.dataset.ended) return
  open('Your session has ended', 'Sign in again to return to this place. To keep what you have typed here, sign in in a new tab and come back.',
    [signIn(), inNewTab()])
  dialog.dataset.ended = 'true'
  dialog.addEventListener('cancel', (event) => event.preventDefault())
}

function warn(end) {
  const later = make('button', { type: 'button', textContent: 'Continue' })
  later.addEventListener('click', close)
  const at = new Date(end).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  open('Your session ends at ' + at, 'Save your work. After that you sign in again and return to this place.', [signIn(), later])
}

let checking = false
async function checkOnce() {
  if (checking) return
  checking = true
  await check()
  setTimeout(() => { checking = false }, 1000)
}

// The gateway's own denial: the link names what demands the step-up, and the person comes back to this page.
function stepUp(challenge, link) {
  if (!/error="insufficient_user_authentication"/.test(challenge || '')) return false
  const name = /[?&]step_up=([^&>]+)>; rel="login"/.exec(link || '')
  if (!name || dialog) return name !== null
  const again = make('a', { textContent: 'Confirm who you are', href: to('/auth/login') + '&step_up=' + name[1] })
  const later = make('button', { type: 'button', textContent: 'Not now' })
  later.addEventListener('click', close)
  open('This needs a stronger or more recent sign-in', 'Sign in again in the way that this part of the application requires. You return to this page; what you have typed here and not saved is lost.',
    [again, later])
  return true
}

window.fetch = async (...request) => {
  const response = await ask(...request)
  if (response.status === 401 && !stepUp(response.headers.get('www-authenticate'), response.headers.get('link')))
    checkOnce()
  return response
}
const send = XMLHttpRequest.prototype.send
XMLHttpRequest.prototype.send = function (...body) {
  this.addEventListener('loadend', () => {
    if (this.status === 401 && !stepUp(this.getResponseHeader('www-authenticate'), this.getResponseHeader('link'))) checkOnce()
  })
  return send.apply(this, body)
}
document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'visible') checkOnce() })
window.addEventListener('popstate', () => { if (session) show() })

const start = () => { document.documentElement.append(host); checkOnce() }
if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start)
else start()
})()
`
