// The user interface of the core API, on a host of its own. The session is the gateway's, shared through cookie.domain;
// every request names its project in AOA-Project-ID. No token ever reaches this page.
const { api, gateway } = await (await fetch('config.json')).json()
const element = (id) => document.getElementById(id)

/** Tells what happened; `action` is what to do about it. */
function tell(text, { fault = false, action } = {}) {
  element('message').className = fault ? 'fault' : ''
  element('message').replaceChildren(text, ...(action ? [' ', action] : []))
}

/** Asks the core API. Resolves to undefined after telling why not. */
async function ask(path, { method = 'GET', project, body } = {}) {
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
    return void tell('The API cannot be reached. Try again in a moment.', { fault: true })
  }
  const answer = response.status === 204 ? {} : await response.json().catch(() => ({}))
  if (response.ok) return answer
  if (response.status === 401) return void tell('You are not signed in.', { action: signInLink() })
  const faults = (answer.errors ?? []).map(({ path: at, expected }) => `${at}: expected ${expected}.`)
  tell([answer.title ?? `The API answered ${response.status}.`, ...faults].join(' '), { fault: true })
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
  const list = await ask('/api/datasetConnections?size=1000', { project })
  // Somebody may have chosen on meanwhile.
  if (!list || project !== chosen()) return
  const items = list._embedded.datasetConnections
  element('caption').textContent = items.length === 1 ? '1 connection' : `${items.length} connections`
  element('rows').replaceChildren(...items.map(row))
}

function row({ id, name, metadata, personal, owner }) {
  const line = document.createElement('tr')
  for (const text of [name, metadata.host, personal ? 'You alone' : 'The project', owner])
    line.insertCell().textContent = text
  const button = document.createElement('button')
  button.textContent = 'Delete'
  button.setAttribute('aria-label', `Delete ${name}`)
  button.onclick = async () => {
    if (!confirm(`Delete ${name}?`)) return
    if (!(await ask(`/api/datasetConnections/${id}`, { method: 'DELETE', project: chosen() }))) return
    tell(`${name} is deleted.`)
    await showConnections()
    element('project').focus()
  }
  line.insertCell().append(button)
  return line
}

element('project').onchange = () => {
  tell('')
  // Rows of the former project must not stand under the new one's name, whatever the API says.
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
  if (!(await ask('/api/datasetConnections', { method: 'POST', project: chosen(), body }))) return
  form.reset()
  tell(`${name} is created.`)
  await showConnections()
}

const projects = await ask('/api/projects?size=1000')
if (projects) {
  const options = projects._embedded.projects.map(({ id, name }) => new Option(name, id))
  element('project').replaceChildren(...options)
  if (options.length === 0) tell('You are not a member of any project. Ask an administrator.')
  else {
    const wanted = location.hash.slice(1)
    if (options.some(({ value }) => value === wanted)) element('project').value = wanted
    element('work').hidden = false
    await showConnections()
  }
}
