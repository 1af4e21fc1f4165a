// The user interface of the core API, on a host of its own. The session is the gateway's, shared through cookie.domain;
// every request names its project in AOA-Project-ID. No token ever reaches this page.
const { api, gateway } = await (await fetch('config.json')).json()
const element = (id) => document.getElementById(id)

/** Shows a message. `action` is an element that says what to do next. */
function show(text, { isError = false, action } = {}) {
  element('message').className = isError ? 'error' : ''
  element('message').replaceChildren(text, ...(action ? [' ', action] : []))
}

/** Calls the core API. Shows a message and resolves to undefined if the call fails. */
async function call(path, { method = 'GET', project, body } = {}) {
  const headers = {
    accept: 'application/json',
    ...(project && { 'AOA-Project-ID': project }),
    ...(body && { 'content-type': 'application/json' }),
  }
  let response
  try {
    response = await fetch(`${api}${path}`, {
      method,
      headers,
      credentials: 'include',
      body: body && JSON.stringify(body),
    })
  } catch {
    return void show('The API is not reachable. Try again in a moment.', { isError: true })
  }
  const result = response.status === 204 ? {} : await response.json().catch(() => ({}))
  if (response.ok) return result
  if (response.status === 401) return void show('You are not signed in.', { action: signInLink() })
  const errors = (result.errors ?? []).map(({ path: at, expected }) => `${at}: expected ${expected}.`)
  show([result.title ?? `The API returned status ${response.status}.`, ...errors].join(' '), { isError: true })
}

function signInLink() {
  const link = document.createElement('a')
  link.href = `${gateway}/auth/login?return_to=${encodeURIComponent(location.href)}`
  link.textContent = 'Sign in'
  return link
}

const chosen = () => element('project').value

async function showConnections() {
  const project = chosen()
  const list = await call('/api/datasetConnections?size=1000', { project })
  // The user may have selected another project meanwhile.
  if (!list || project !== chosen()) return
  const items = list._embedded.datasetConnections
  element('caption').textContent = items.length === 1 ? '1 connection' : `${items.length} connections`
  element('rows').replaceChildren(...items.map(row))
}

function row({ id, name, metadata, personal, owner }) {
  const line = document.createElement('tr')
  for (const text of [name, metadata.host, personal ? 'Only you' : 'The project', owner])
    line.insertCell().textContent = text
  const button = document.createElement('button')
  button.textContent = 'Delete'
  button.setAttribute('aria-label', `Delete ${name}`)
  button.onclick = async () => {
    if (!confirm(`Delete ${name}?`)) return
    if (!(await call(`/api/datasetConnections/${id}`, { method: 'DELETE', project: chosen() }))) return
    show(`${name} was deleted.`)
    await showConnections()
    element('project').focus()
  }
  line.insertCell().append(button)
  return line
}

element('project').onchange = () => {
  show('')
  // Rows of the previous project must not appear under the new one's name, even if the call fails.
  element('caption').textContent = 'Connections'
  element('rows').replaceChildren()
  history.replaceState(null, '', `#${chosen()}`)
  return showConnections()
}

element('create').onsubmit = async (event) => {
  event.preventDefault()
  const form = event.currentTarget
  const { name, host, username, password, personal } = Object.fromEntries(new FormData(form))
  const body = { name, metadata: { host }, credentials: { username, password }, personal: personal === 'on' }
  if (!(await call('/api/datasetConnections', { method: 'POST', project: chosen(), body }))) return
  form.reset()
  show(`${name} was created.`)
  await showConnections()
}

const projects = await call('/api/projects?size=1000')
if (projects) {
  const options = projects._embedded.projects.map(({ id, name }) => new Option(name, id))
  element('project').replaceChildren(...options)
  if (options.length === 0) show('You are not a member of any project. Ask an administrator.')
  else {
    const wanted = location.hash.slice(1)
    if (options.some(({ value }) => value === wanted)) element('project').value = wanted
    element('work').hidden = false
    await showConnections()
  }
}
