import { createHash } from 'node:crypto'
import { html, Html as Markup } from './html.ts'
import { ICON, STYLE } from './style.ts'

const OWN_STYLE = `${STYLE}
.actions{align-items:center}button:disabled{opacity:.5;cursor:default}.rows .name .soft{display:block;font-size:.875rem}`

/** Everything from outside becomes text by `textContent`, never markup; the token stays in this page's memory. */
const SCRIPT = `
const byId = (id) => document.getElementById(id)
const ask = (path, method = 'GET') =>
  fetch(path, { method, headers: { authorization: 'Bearer ' + byId('token').value } }).then(async (answer) => {
    const body = await answer.json()
    if (!answer.ok && answer.status !== 404) throw new Error(body.reason)
    return body
  })
const button = (label, act) => {
  const made = document.createElement('button')
  made.className = 'quiet'
  made.textContent = label
  made.addEventListener('click', () => act().then(show, fail))
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
  name.append(
    text('soft', 'since ' + when(session.created_at) + ', seen ' + when(session.last_seen_at) + ', ' + (session.user_agent ?? 'unnamed browser')),
  )
  made.append(
    name,
    button('End', () => ask('/sessions/' + session.key, 'DELETE')),
    button('End all of ' + session.username, () => ask('/sessions?' + person, 'DELETE')),
  )
  return made
}
const PAGE = 50
let offset = 0
const fail = (error) => { byId('said').textContent = error.message }
const show = () => ask('/sessions?limit=' + PAGE + '&offset=' + offset).then(({ total, sessions }) => {
  if (sessions.length === 0 && offset > 0) return turn(-PAGE)
  byId('said').textContent = total === 0 ? 'Nobody is signed in.' : offset + 1 + ' to ' + (offset + sessions.length) + ' of ' + total + ' sessions'
  byId('list').replaceChildren(...sessions.map(row))
  byId('newer').disabled = offset === 0
  byId('older').disabled = offset + PAGE >= total
  byId('all').disabled = total === 0
}, fail)
const turn = (by) => { offset = Math.max(0, offset + by); return show() }
byId('ask').addEventListener('submit', (event) => { event.preventDefault(); turn(-offset) })
byId('newer').addEventListener('click', () => turn(-PAGE))
byId('older').addEventListener('click', () => turn(PAGE))
byId('all').addEventListener('click', () => {
  if (confirm('End every session of everybody?')) ask('/sessions?all=true', 'DELETE').then(() => turn(-offset), fail)
})
`

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** The page of the session administration; it holds nothing, its script asks with the token that is typed in. */
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
<form id="ask" class="actions">
<label>Administration token <input id="token" type="password" autocomplete="off" required></label>
<button>Show sessions</button>
</form>
<p id="said" role="status"></p>
<ul id="list" class="rows"></ul>
<div class="actions"><button id="newer" class="quiet" disabled>Newer</button>
<button id="older" class="quiet" disabled>Older</button>
<button id="all" class="quiet" disabled>End every session</button></div>
</main>
<script>${Markup.trusted(SCRIPT)}</script>
</body>
</html>
`.toString()

export const adminPageHeaders = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': `default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'; connect-src 'self'; img-src data:; style-src ${hash(OWN_STYLE)}; script-src ${hash(SCRIPT)}`,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
}
