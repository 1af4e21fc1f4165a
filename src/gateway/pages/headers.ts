import { ownOrigins } from '../config/origins.ts'
import type { Config } from '../config/schema.ts'
import { brandOf } from './brand.ts'
import { contentSecurityPolicy, hashSource } from './content-security-policy.ts'
import { COPY_BUTTONS, KEEP_FRAGMENT, SUBMIT_FORM } from './scripts/own-scripts.ts'

/** What the pages and their headers depend on. */
export type PageConfig = Pick<Config, 'server' | 'routes' | 'portal'>

export interface PageNeeds {
  /** The only script that may run. */
  readonly script?: string
  /** Targets of forms besides our own origins. */
  readonly formTargets?: readonly string[]
  /** Forms of the page are sent to its own origin alone. */
  readonly ownFormsOnly?: true
  /** The only style sheet, where it is another one than that of every page. */
  readonly style?: string
  /** The only origins whose pages may show this one in a frame. Absent: those of the configuration. */
  readonly framedBy?: readonly string[]
}

/** Headers of one kind of page, computed once. */
export type PageHeaders = Readonly<Record<string, string>>

/** Headers that every page of ours has, whatever it shows. */
const FIXED = {
  // A page that opened ours, or that ours opened, gets no handle to its window (HTML §7.1.3).
  'cross-origin-opener-policy': 'same-origin',
  // No other origin may load our pages as a resource (Fetch §3.7).
  'cross-origin-resource-policy': 'same-origin',
  // Our pages share no process with other origins of the same site, where the browser can avoid it (HTML §7.1.2).
  'origin-agent-cluster': '?1',
  // The declared content type counts, whatever the content looks like (Fetch §3.6).
  'x-content-type-options': 'nosniff',
  // Links on the page are not resolved in advance: that would tell the DNS where a person may go. No specification.
  'x-dns-prefetch-control': 'off',
  // Internet Explorer does not open a download in the context of our site. No specification.
  'x-download-options': 'noopen',
  // For browsers that do not know the directive frame-ancestors, which overrides it (RFC 7034, CSP3 §6.4.2).
  'x-frame-options': 'DENY',
  // Acrobat and Flash find no policy that lets them read our pages (Adobe, cross-domain policy file specification).
  'x-permitted-cross-domain-policies': 'none',
  'content-type': 'text/html; charset=utf-8',
  // Names, projects and request IDs stay out of every cache (RFC 9111 §5.2.2.5).
  'cache-control': 'no-store',
  // Our pages need no device (Permissions Policy §5.2).
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
} as const

/** One year, for this host only: other hosts of the domain are not the gateway's (RFC 6797 §6.1). */
const HTTPS_ONLY = { 'strict-transport-security': 'max-age=31536000' } as const

/**
 * Headers of our own pages, and only ours: the pages of an application keep the headers that the application sent.
 *
 * The referrer stays within our origins instead of being withheld: with `no-referrer` a browser sends `Origin: null` with
 * our own forms (Fetch §4.5), and the gateway could not tell our forms from those of another site.
 */
export function pageHeaders(config: PageConfig, needs: PageNeeds = {}): PageHeaders {
  const { style, icon, logo } = brandOf(config.portal)
  const hasOwnPictures = logo !== undefined || !icon.startsWith('data:')
  return Object.freeze({
    'content-security-policy': contentSecurityPolicy({
      'default-src': ["'none'"],
      'base-uri': ["'none'"],
      'object-src': ["'none'"],
      'frame-ancestors': sources(needs.framedBy ?? config.server.frameAncestors),
      // Applies to the redirects that follow a form as well, so it lists wherever return_to may lead.
      'form-action': ["'self'", ...(needs.ownFormsOnly ? [] : ownOrigins(config)), ...(needs.formTargets ?? [])],
      'style-src': [hashSource(needs.style ?? style)],
      'img-src': ['data:', ...(hasOwnPictures ? ["'self'"] : [])], // the tab icon and the logo
      ...(needs.script !== undefined && { 'script-src': [hashSource(needs.script)] }),
    }),
    'referrer-policy': 'same-origin',
    ...(config.server.publicUrl.startsWith('https:') && HTTPS_ONLY),
    ...FIXED,
  })
}

const sources = (origins: readonly string[]): readonly string[] => (origins.length > 0 ? origins : ["'none'"])

/** For pages without forms of ours. */
export const withoutReferrer = (headers: PageHeaders): PageHeaders => ({ ...headers, 'referrer-policy': 'no-referrer' })

/** For the page with {@link KEEP_FRAGMENT}, which moves on without a form. */
export const startPageHeaders = (config: PageConfig): PageHeaders =>
  withoutReferrer(pageHeaders(config, { script: KEEP_FRAGMENT }))

/** For the page with {@link COPY_BUTTONS}. */
export const connectPageHeaders = (config: PageConfig): PageHeaders => pageHeaders(config, { script: COPY_BUTTONS })

/**
 * For the page that continues a sign-out at the issuer. The issuer may redirect to further issuers (as an identity
 * broker does), whose origins are not known here. So every target with the endpoint's scheme is allowed for the
 * redirects; the form itself has one fixed target.
 */
export function leavePageHeaders(config: PageConfig, endpoint: URL): PageHeaders {
  const needs = { script: SUBMIT_FORM, formTargets: [endpoint.origin, endpoint.protocol] }
  return withoutReferrer(pageHeaders(config, needs))
}
