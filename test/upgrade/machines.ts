import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { CI_CLIENT } from '../../infra/issuer/clients.ts'
import { clientToken } from '../core/world.ts'

/** Sends bearer requests with fresh tokens until it is stopped. Resolves to how many there were, and every bad status. */
export function sendBearerRequests(url: string, issuerUrl: string) {
  const seen = { requests: 0, unexpected: [] as (number | string)[] }
  let stopped = false
  const sending = (async () => {
    for (; !stopped; await sleep(100)) {
      try {
        const token = await clientToken(`${issuerUrl}/token`, CI_CLIENT.id, CI_CLIENT.secret)
        const headers = { authorization: `Bearer ${token}`, 'x-once': randomUUID() }
        const response = await fetch(`${url}/lobby/machine`, { headers })
        await response.arrayBuffer()
        seen.requests += 1
        if (response.status !== 200) seen.unexpected.push(response.status)
      } catch (error) {
        seen.unexpected.push(String(error instanceof Error ? (error.cause ?? error) : error))
      }
    }
  })()
  return {
    async stop() {
      stopped = true
      await sending
      return seen
    },
  }
}
