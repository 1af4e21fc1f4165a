import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBackground } from '../../../infra/parts/background.ts'
import { freePort, isListening } from '../../../infra/parts/ports.ts'
import type { Oracle, Parser, Reading } from './oracle.ts'

/** Requests that are asked at the same time. */
const LANES = 8
/** The longest wait for the responses to one input, in milliseconds. */
const PATIENCE_MS = 2000
/** Follows each input: what nginx reads of it must end where the gateway says. */
export const MARKER = '/fuzz-marker'
const MARKER_REQUEST = `GET ${MARKER} HTTP/1.1\r\nHost: a\r\n\r\n`

/** What nginx tells of a request, by the name of the header that it is told in. */
const TOLD: Readonly<Record<string, string>> = {
  'X-Read-Method': '$request_method',
  'X-Read-Target': '$request_uri',
  'X-Read-Path': '$uri',
  'X-Read-Query': '$args',
  'X-Read-Length': '$content_length',
  'X-Read-User': '$http_x_forwarded_user',
  'X-Read-Groups': '$http_x_forwarded_groups',
  'X-Read-Project': '$http_aoa_project_id',
  'X-Read-Assertion': '$http_x_gateway_assertion',
  'X-Read-Cookie': '$http_cookie',
  'X-Read-Authorization': '$http_authorization',
}

/** What nginx read of one request: {@link TOLD} without `X-Read-`, in lower case. */
export type NginxRequest = Readonly<Record<string, string>>

/** A real nginx that tells how it read each request. Each input is followed by the request for {@link MARKER}. */
export async function openNginx(): Promise<Oracle> {
  const directory = mkdtempSync(join(tmpdir(), 'fuzz-nginx-'))
  const port = await freePort()
  writeFileSync(join(directory, 'nginx.conf'), configuration(directory, port))
  const background = await startBackground({
    name: 'nginx',
    command: 'nginx',
    args: ['-c', join(directory, 'nginx.conf'), '-p', directory],
    logFile: join(directory, 'log'),
    readyUrl: () => isListening(port),
    readySeconds: 20,
  })
  return {
    parsers: ['nginx:requests'],
    async read(_parser: Parser, inputs: readonly string[]): Promise<readonly Reading[]> {
      const readings: Reading[] = []
      let next = 0
      const lane = async () => {
        let socket: Socket | undefined
        while (next < inputs.length) {
          const at = next++
          socket ??= connect(port, '127.0.0.1').setNoDelay(true)
          const reading = await ask(socket, inputs[at] as string)
          readings[at] = reading
          if (reading.error === undefined) continue
          socket.destroy()
          socket = undefined
        }
        socket?.destroy()
      }
      await Promise.all(Array.from({ length: LANES }, lane))
      return readings
    },
    async close() {
      await background.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function configuration(directory: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${directory}/${name};`,
  )
  return `daemon off; pid ${directory}/nginx.pid; error_log ${directory}/error.log crit; worker_processes 1;
    events { worker_connections 256; }
    http { access_log off; ${temporary.join(' ')}
      keepalive_requests 1000000; large_client_header_buffers 8 64k;
      underscores_in_headers on; ignore_invalid_headers off;
      server { listen 127.0.0.1:${port};
        ${Object.entries(TOLD)
          .map(([name, variable]) => `add_header ${name} ${variable} always;`)
          .join('\n')}
        return 204; } }`
}

/** The requests that nginx reads before the marker. */
function ask(socket: Socket, input: string): Promise<Reading> {
  return new Promise((resolve) => {
    let text = ''
    const done = (reading: Reading) => {
      clearTimeout(timer)
      socket.removeAllListeners()
      socket.on('error', () => {})
      resolve(reading)
    }
    const timer = setTimeout(() => done({ error: 'no response to the request that follows' }), PATIENCE_MS)
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      const heads = text.split('\r\n\r\n').slice(0, -1)
      const refused = heads.find((head) => !/^HTTP\/1\.1 204 /.test(head))
      if (refused !== undefined) return done({ error: refused.split('\r\n', 1)[0] ?? '' })
      const read = heads.map(toldIn)
      if (read.at(-1)?.path === MARKER) done({ value: read.slice(0, -1) })
    })
    socket.on('error', (error) => done({ error: error.message }))
    socket.on('close', () => done({ error: 'nginx closed the connection' }))
    socket.write(input + MARKER_REQUEST, 'latin1')
  })
}

const toldIn = (head: string): NginxRequest =>
  Object.fromEntries(
    [...head.matchAll(/^X-Read-(\w+): (.*)$/gm)].map(([, name = '', value = '']) => [
      name.toLowerCase(),
      value.replace(/\r$/, ''),
    ]),
  )
