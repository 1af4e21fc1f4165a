import type { Config } from '../gateway/config/schema.ts'
import { openBackend } from '../gateway/sessions/stores/open.ts'
import { systemClock } from '../shared/clock.ts'
import { httpRequest } from '../shared/http-request.ts'
import { messageOf } from '../shared/message-of.ts'
import type { FieldError } from '../shared/settings/field-errors.ts'

const TIMEOUT_MS = 5000

/** Asks everything that the configuration points to, side by side. */
export async function onlineErrors(config: Config): Promise<FieldError[]> {
  const asked = [
    issuerError(config),
    storeError(config),
    ...config.routes.map((route, index) => upstreamError(route.upstream, `routes.${index}.upstream`)),
  ]
  return (await Promise.all(asked)).filter((error) => error !== undefined)
}

async function issuerError({ issuer }: Config): Promise<FieldError | undefined> {
  const path = 'issuer.url'
  const url = `${issuer.url.replace(/\/$/, '')}/.well-known/openid-configuration`
  try {
    const { status, text } = await httpRequest(url, { method: 'GET', timeoutMs: TIMEOUT_MS })
    if (status !== 200) return { path, expected: `metadata at ${url}`, got: `status ${status}` }
    const metadata = JSON.parse(text) as { issuer?: unknown; code_challenge_methods_supported?: unknown }
    if (metadata.issuer !== issuer.url)
      return {
        path,
        expected: `exactly the issuer that its metadata names, ${JSON.stringify(metadata.issuer)}`,
        got: JSON.stringify(issuer.url),
      }
    const methods = metadata.code_challenge_methods_supported
    if (issuer.requirePkce && !(Array.isArray(methods) && methods.includes('S256'))) {
      return {
        path: 'issuer.requirePkce',
        expected: 'an issuer that announces PKCE S256',
        got: JSON.stringify(methods ?? null),
      }
    }
    return undefined
  } catch (error) {
    return { path, expected: `an answer from ${url}`, got: messageOf(error) }
  }
}

async function storeError(config: Config): Promise<FieldError | undefined> {
  const path = 'session.store'
  try {
    const backend = await openBackend(config, systemClock)
    try {
      await backend.ping()
      const error = await backend.settingsFault?.()
      return error && { path, ...error }
    } finally {
      await backend.close()
    }
  } catch (error) {
    return { path, expected: 'a store that answers', got: messageOf(error) }
  }
}

/** Any answer will do: what is asked is whether somebody is there. */
async function upstreamError(upstream: string, path: string): Promise<FieldError | undefined> {
  try {
    await httpRequest(upstream, { method: 'HEAD', timeoutMs: TIMEOUT_MS })
    return undefined
  } catch (error) {
    return { path, expected: `an answer from ${upstream}`, got: messageOf(error) }
  }
}
