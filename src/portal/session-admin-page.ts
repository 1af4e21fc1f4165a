import { createHash } from 'node:crypto'
import { html, Html as Markup } from './html.ts'
import { ICON, STYLE } from './style.ts'

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
const text = (value) => {
  const made = document.createElement('span')
  made.className = 'name'
  made.textContent = value
  return made
}
const row = (session) => {
  const made = document.createElement('li')
  const person = new URLSearchParams({ issuer: session.issuer, subject: session.subject })
  made.append(
    text(session.username + ' · since ' + session.created_at + ' · seen ' + session.last_seen_at + ' · ' + (session.user_agent ?? '')),
    button('End', () => ask('/sessions/' + session.key, 'DELETE')),
    button('End all of ' + session.username, () => ask('/sessions?' + person, 'DELETE')),
  )
  return made
}
const fail = (error) => { byId('said').textContent = error.message }
const show = () => ask('/sessions?limit=200').then(({ total, sessions }) => {
  byId('said').textContent = total + ' sessions'
  byId('list').replaceChildren(...sessions.map(row))
}, fail)
byId('ask').addEventListener('submit', (event) => { event.preventDefault(); show() })
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
<style>${Markup.trusted(STYLE)}</style>
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
</main>
<script>${Markup.trusted(SCRIPT)}</script>
</body>
</html>
`.toString()

export const adminPageHeaders = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': `default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'; connect-src 'self'; img-src data:; style-src ${hash(STYLE)}; script-src ${hash(SCRIPT)}`,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
}
