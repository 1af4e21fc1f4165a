import { hashSource } from './content-security-policy.ts'
import { html, Html as Markup } from './html.ts'
import { ICON, STYLE } from './style.ts'

const OWN_STYLE = `${STYLE}
.actions{align-items:center}input{font:inherit;max-width:100%;padding:.45rem .6rem;border:1px solid var(--line);border-radius:8px;background:var(--card);color:var(--ink)}
button:disabled{opacity:.5;cursor:default}.rows .name .soft{display:block;font-size:.875rem}`

/** Values from outside become text by `textContent`, never markup. The token stays in the memory of this page. */
const SCRIPT = `
const byId = (id) => document.getElementById(id)
const request = (path, method = 'GET') =>
  fetch(path, { method, headers: { authorization: 'Bearer ' + byId('token').value } }).then(async (response) => {
    const body = await response.json()
    if (!response.ok && response.status !== 404) throw new Error(body.reason)
    return body
  })
const button = (label, question, act) => {
  const made = document.createElement('button')
  made.className = 'quiet'
  made.textContent = label
  made.addEventListener('click', () => { if (confirm(question)) act().then(show, fail) })
  return made
}
const text = (name, value) => {
  const made = document.createElement('span')
  made.className = name
  made.textContent = value
  return made
}
const when = (iso) => iso.slice(0, 19).replace('T', ' ') + ' UTC'
const row = (session) => {
  const made = document.createElement('li')
  const person = new URLSearchParams({ issuer: session.issuer, subject: session.subject })
  const name = text('name', session.username)
  const device = text('soft', (session.device ?? session.user_agent ?? 'Unknown browser') + ', from ' + (session.client_address ?? 'an unknown address'))
  device.title = session.user_agent ?? ''
  name.append(device, text('soft', 'since ' + when(session.created_at) + ', seen ' + when(session.last_seen_at)))
  made.append(
    name,
    button('End', 'End this session of ' + session.username + '?', () => request('/sessions/' + session.key, 'DELETE')),
    button('End all sessions of ' + session.username, 'End all sessions of ' + session.username + '?', () => request('/sessions?' + person, 'DELETE')),
  )
  return made
}
const PAGE = 50
let offset = 0
const fail = (error) => { byId('status').textContent = error.message }
const show = () => request('/sessions?' + new URLSearchParams({ limit: PAGE, offset, search: byId('search').value })).then(({ total, sessions, searched }) => {
  if (sessions.length === 0 && offset > 0) return turn(-PAGE)
  const none = searched === undefined ? 'No active sessions.' : 'No session matches.'
  const among = searched === undefined ? '' : ', among the newest ' + searched
  byId('status').textContent = total === 0 ? none : offset + 1 + ' to ' + (offset + sessions.length) + ' of ' + total + ' sessions' + among
  byId('list').replaceChildren(...sessions.map(row))
  byId('newer').disabled = offset === 0
  byId('older').disabled = offset + PAGE >= total
  byId('all').disabled = total === 0 || searched !== undefined
}, fail)
const turn = (by) => { offset = Math.max(0, offset + by); return show() }
byId('query').addEventListener('submit', (event) => { event.preventDefault(); turn(-offset) })
byId('newer').addEventListener('click', () => turn(-PAGE))
byId('older').addEventListener('click', () => turn(PAGE))
byId('all').addEventListener('click', () => {
  if (confirm('End all sessions of all users?')) request('/sessions?all=true', 'DELETE').then(() => turn(-offset), fail)
})
`

/** The session administration page. It contains no data: its script sends requests with the token that is entered. */
export const ADMIN_PAGE = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sessions · ModelOps gateway</title>
<link rel="icon" href="${ICON}">
<style>${Markup.trusted(OWN_STYLE)}</style>
</head>
<body>
<main>
<h1>Sessions</h1>
<form id="query" class="actions">
<label>Administration token <input id="token" type="password" autocomplete="off" required></label>
<label>Search <input id="search" type="search" maxlength="200" placeholder="user, address or browser"></label>
<button>Show sessions</button>
</form>
<p id="status" role="status"></p>
<ul id="list" class="rows"></ul>
<div class="actions"><button id="newer" class="quiet" disabled>Newer</button>
<button id="older" class="quiet" disabled>Older</button>
<button id="all" class="quiet" disabled>End all sessions</button></div>
</main>
<script>${Markup.trusted(SCRIPT)}</script>
</body>
</html>
`.toString()

export const adminPageHeaders = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': `default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'; connect-src 'self'; img-src data:; style-src ${hashSource(OWN_STYLE)}; script-src ${hashSource(SCRIPT)}`,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
}
