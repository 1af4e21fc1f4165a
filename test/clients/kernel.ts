/** A kernel of a notebook server behind JupyterHub, as the page of a notebook uses it. */
export interface Kernel {
  /** Runs a cell. Resolves to what it printed. Rejects with its traceback. */
  run(code: string): Promise<string>
  close(): void
}

interface Message {
  readonly parent_header: { readonly msg_id?: string }
  readonly msg_type: string
  readonly content: Readonly<Record<string, unknown>>
}

/** @param server URL of the user's server, with a slash at the end */
export async function startKernel(server: string, token: string): Promise<Kernel> {
  const headers = { authorization: `token ${token}`, 'content-type': 'application/json' }
  const response = await fetch(`${server}api/kernels`, { method: 'POST', headers, body: '{"name":"python3"}' })
  const text = await response.text()
  if (response.status !== 201) throw new Error(`no kernel: ${response.status} ${text}`)
  const { id } = JSON.parse(text) as { id: string }
  const url = `${server.replace('http', 'ws')}api/kernels/${id}/channels`
  // Node's WebSocket takes headers, which the type of browsers does not know.
  const socket = new WebSocket(url, { headers: { authorization: `token ${token}` } } as never)
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve()
    socket.onerror = () => reject(new Error(`no connection to ${url}`))
  })
  return {
    run: (code) =>
      new Promise((resolve, reject) => {
        const msg_id = crypto.randomUUID()
        let printed = ''
        socket.onclose = () => reject(new Error('the connection to the kernel has ended'))
        socket.onmessage = ({ data }) => {
          const { parent_header: parent, msg_type: type, content } = JSON.parse(String(data)) as Message
          if (parent.msg_id !== msg_id) return
          if (type === 'stream' && content.name === 'stdout') printed += String(content.text)
          if (type === 'error') reject(new Error([content.traceback].flat().join('\n')))
          if (type === 'status' && content.execution_state === 'idle') resolve(printed)
        }
        const header = { msg_id, msg_type: 'execute_request', session: msg_id, username: '', version: '5.3', date: '' }
        const content = { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false }
        socket.send(JSON.stringify({ header, parent_header: {}, metadata: {}, content, channel: 'shell', buffers: [] }))
      }),
    close: () => socket.close(),
  }
}
