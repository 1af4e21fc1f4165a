import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Oracle, Parser, Reading } from './oracle.ts'

const PROGRAM = join(import.meta.dirname, 'python.py')

/**
 * The parsers of Python in a process of its own, with the packages of MLflow’s server: what a real upstream runs.
 * @param venv A virtual environment with MLflow
 */
export function openPython(venv: string): Oracle {
  const child = spawn(join(venv, 'bin', 'python'), [PROGRAM], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, PYTHONWARNINGS: 'ignore', PYTHONDONTWRITEBYTECODE: '1', MLFLOW_DISABLE_TELEMETRY: 'true' },
  })
  let [received, wake]: [Buffer, () => void] = [Buffer.alloc(0), () => {}]
  let running = true
  child.stdout.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes])
    wake()
  })
  child.on('close', () => {
    running = false
    wake()
  })

  async function take(length: number): Promise<Buffer> {
    while (received.length < length) {
      if (!running) throw new Error(`${PROGRAM} ended unexpectedly. The reason is above.`)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    const bytes = received.subarray(0, length)
    received = received.subarray(length)
    return bytes
  }

  return {
    parsers: [
      ...(['http.server', 'h11', 'werkzeug', 'starlette', 'path', 'query', 'cookies', 'h11:response'] as const),
      ...(['http.client', 'json', 'otlp:protobuf', 'otlp:json', 'jwt'] as const),
    ],
    async read(parser: Parser, inputs: readonly string[]): Promise<readonly Reading[]> {
      const record = Buffer.from(JSON.stringify({ parser, inputs }))
      const length = Buffer.alloc(4)
      length.writeUInt32BE(record.length)
      child.stdin.write(Buffer.concat([length, record]))
      const size = (await take(4)).readUInt32BE()
      return JSON.parse((await take(size)).toString()) as Reading[]
    },
    close() {
      child.stdin.end()
      child.kill()
    },
  }
}
