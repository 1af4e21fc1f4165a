import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../infra/parts/ports.ts'
import type { RunningServer } from '../src/gateway/runtime/start.ts'
import { Browser } from './browser.ts'
import { startGateway } from './kit.ts'
import { type Recorder, startRecorder } from './recorder.ts'

/** Every kind of request that the gateway sends to its issuer as itself. */
export const AS_ITSELF = ['client-credentials', 'introspection', 'refresh', 'revocation', 'token'] as const
type Operation = (typeof AS_ITSELF)[number]

/** A gateway that a user signs in at, and whose requests to the issuer are counted. */
export interface Proving {
  readonly url: string
  readonly browser: Browser
  readonly logged: Record<string, unknown>[]
  readonly clock: { ahead: number }
  readonly upstream: Recorder
  readonly server: RunningServer
  /** Signs `bob` in, in a new browser. Resolves to the status of the page where that ends. */
  signIn(): Promise<number>
  /** Numbers of requests of one kind to the issuer: all, and those that failed. */
  counted(operation: Operation): Promise<{ sent: number; failed: number }>
  /** Waits until a request of this kind was sent. */
  until(operation: Operation, atLeast?: number): Promise<void>
  close(): Promise<void>
}

/**
 * @param issuer Section `issuer` of the configuration: how the gateway authenticates.
 * @param port Of the gateway, where the issuer must know it.
 */
export async function startProving(issuerUrl: string, issuer: object, port?: number): Promise<Proving> {
  const at = port ?? (await freePort())
  const url = `http://localhost:${at}`
  const upstream = await startRecorder()
  const logged: Record<string, unknown>[] = []
  const clock = { ahead: 0 }
  const server = await startGateway({
    ...{ port: at, issuerUrl, upstream: upstream.url, host: 'localhost', logged, clock },
    config: {
      issuer: { clientSecret: undefined, introspection: true, ...issuer },
      // Every request of the session is followed by a refresh.
      session: { refreshBeforeSeconds: 3600 },
      projects: { source: 'core', url: upstream.url, refreshSeconds: 1 },
    },
    routes: [{ name: 'lobby', app: 'generic', path: '/lobby', access: 'login', basicCredentials: true }],
  }).catch(async (error: unknown) => {
    await upstream.close()
    throw error
  })
  let browser = new Browser()
  const total = async (name: string, labels: object) => {
    const metric = (await server.metrics.registry.getMetricsAsJSON()).find((each) => each.name === name)
    const values = (metric?.values ?? []) as { value: number; metricName?: string; labels: Record<string, unknown> }[]
    const matching = values.filter(
      (each) =>
        (each.metricName ?? name).replace(/_count$/, '') === name &&
        each.labels.le === undefined &&
        !each.metricName?.endsWith('_sum') &&
        Object.entries(labels).every(([label, value]) => each.labels[label] === value),
    )
    return matching.reduce((sum, { value }) => sum + value, 0)
  }
  const counted = async (operation: Operation) => ({
    sent: await total('modelops_gateway_issuer_request_duration_seconds', { operation }),
    failed: await total('modelops_gateway_issuer_request_errors_total', { operation }),
  })
  return {
    ...{ url, logged, clock, upstream, server, counted },
    get browser() {
      return browser
    },
    async signIn() {
      browser = new Browser()
      const form = await browser.open(`${url}/lobby/`)
      const page = await browser.submit(form, { username: 'bob', password: 'bob-pw' })
      return page.status
    },
    async until(operation, atLeast = 1) {
      for (let i = 0; i < 200; i += 1) {
        if ((await counted(operation)).sent >= atLeast) return
        await sleep(50)
      }
      assert.fail(`expected ${atLeast} requests: ${operation}`)
    },
    async close() {
      await server.close()
      await upstream.close()
    },
  }
}

/** Does everything for which the gateway asks its issuer as itself. Resolves to the kinds of requests that failed. */
export async function failuresAsItself(gateway: Proving): Promise<string[]> {
  await gateway.until('client-credentials')
  assert.equal(await gateway.signIn(), 200)
  await gateway.browser.fetch(`${gateway.url}/lobby/`)
  await gateway.until('refresh')
  const opaque = { headers: { authorization: 'Bearer not-a-jwt' } }
  assert.equal((await fetch(`${gateway.url}/lobby/`, opaque)).status, 401)
  await gateway.until('introspection')
  await gateway.browser.submit(await gateway.browser.open(`${gateway.url}/auth/logout`))
  await gateway.until('revocation')
  const counts = await Promise.all(AS_ITSELF.map(async (name) => ({ name, ...(await gateway.counted(name)) })))
  return counts.filter(({ failed }) => failed > 0).map(({ name }) => name)
}
