import { join } from 'node:path'
import { type Background, startBackground } from '../../../infra/parts/background.ts'
import { freePort } from '../../../infra/parts/ports.ts'

/** An upstream in a process of its own, which can be killed and started again at the same address. */
export interface UpstreamProcess {
  readonly name: string
  readonly url: string
  readonly port: number
  kill(): Promise<void>
  start(): Promise<void>
  close(): Promise<void>
}

/** @param plant A fault that it has on purpose: `crossed`. */
export async function startUpstream(name: string, folder: string, plant?: string): Promise<UpstreamProcess> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const main = join(import.meta.dirname, '..', 'upstream', 'main.ts')
  let running: Background | undefined
  const start = async () => {
    running = await startBackground({
      name: `upstream ${name}`,
      command: process.execPath,
      args: [
        '--disable-warning=ExperimentalWarning',
        main,
        String(port),
        name,
        ...(plant === undefined ? [] : [plant]),
      ],
      logFile: join(folder, `${name}.log`),
      readyUrl: `${url}/ready`,
      readySeconds: 60,
    })
  }
  const kill = async () => {
    const stopping = running
    running = undefined
    if (stopping === undefined) return
    process.kill(-stopping.pid, 'SIGKILL')
    await stopping.stopped
  }
  await start()
  return { name, url, port, kill, start, close: kill }
}
