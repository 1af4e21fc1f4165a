import { createHash } from 'node:crypto'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import helmet from 'helmet'
import { ownOrigins } from '../config/origins.ts'
import type { Config } from '../config/schema.ts'
import { KEEP_FRAGMENT, SUBMIT_FORM } from './scripts.ts'
import { STYLE } from './style.ts'

export interface PageNeeds {
  /** The one script that may run. */
  readonly script?: string
  /** Targets of forms beside our own origins. */
  readonly formTargets?: readonly string[]
}

/** Headers of one kind of page, computed once. */
export type PageHeaders = Readonly<Record<string, string>>

const sha256 = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
const STYLE_HASH = sha256(STYLE)

/**
 * Headers of our own pages, and only ours: an application's pages keep what the application says.
 *
 * The referrer stays within our origins instead of being withheld altogether: under `no-referrer` a browser sends
 * `Origin: null` with our own forms (Fetch §4.5), and then no form of ours could be told from a foreign one.
 */
export function pageHeaders(config: Pick<Config, 'server' | 'routes'>, needs: PageNeeds = {}): PageHeaders {
  const response = new ServerResponse(new IncomingMessage(new Socket()))
  const set = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        baseUri: ["'none'"],
        objectSrc: ["'none'"],
        frameAncestors: ["'none'"],
        // A form's redirect is held against this list too, so it names wherever return_to may lead.
        formAction: ["'self'", ...ownOrigins(config), ...(needs.formTargets ?? [])],
        styleSrc: [STYLE_HASH],
        imgSrc: ['data:'], // the tab icon
        ...(needs.script !== undefined && { scriptSrc: [sha256(needs.script)] }),
      },
    },
    crossOriginEmbedderPolicy: false,
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: config.server.publicUrl.startsWith('https:') && {
      maxAge: 31_536_000,
      includeSubDomains: false,
    },
    xFrameOptions: { action: 'deny' },
    xXssProtection: false,
  })
  set(response.req, response, () => undefined)
  const headers = Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)] as const)
  return Object.freeze({ ...Object.fromEntries(headers), ...PAGE })
}

const PAGE = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
}

/** For pages without forms of ours. */
export const withoutReferrer = (headers: PageHeaders): PageHeaders => ({ ...headers, 'referrer-policy': 'no-referrer' })

/** For the page with {@link KEEP_FRAGMENT}, which leads away without a form. */
export const startPageHeaders = (config: Pick<Config, 'server' | 'routes'>): PageHeaders =>
  withoutReferrer(pageHeaders(config, { script: KEEP_FRAGMENT }))

/**
 * For the page that continues a logout at the issuer. What an issuer in between redirects to (a broker's own issuer)
 * is not known here, so any target of the endpoint's scheme may follow; the form itself has one fixed target.
 */
export function leavePageHeaders(config: Pick<Config, 'server' | 'routes'>, endpoint: URL): PageHeaders {
  const needs = { script: SUBMIT_FORM, formTargets: [endpoint.origin, endpoint.protocol] }
  return withoutReferrer(pageHeaders(config, needs))
}
