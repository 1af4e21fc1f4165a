import { setTimeout as sleep } from 'node:timers/promises'

/** Does something again and again until it is stopped. What fails is what the lab is about: it is not an error here. */
export interface Load {
  /** Resolves when the call under way has ended. */
  stop(): Promise<void>
  /** Lets the call under way end by itself. */
  cancel(): void
}

/** @param pauseMs Between the end of one call and the next */
export function repeat(pauseMs: number, call: () => Promise<unknown>): Load {
  let stopped = false
  const running = (async () => {
    while (!stopped) {
      await call().catch(() => undefined)
      await sleep(pauseMs)
    }
  })()
  return {
    async stop() {
      stopped = true
      await running
    },
    cancel() {
      stopped = true
    },
  }
}

/** One request on a connection of its own. Resolves to its status. */
export async function send(url: string, cookie: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(url, {
    headers: { cookie, connection: 'close', ...headers },
    redirect: 'manual',
    signal: AbortSignal.timeout(20_000),
  })
  await response.arrayBuffer()
  return response.status
}
