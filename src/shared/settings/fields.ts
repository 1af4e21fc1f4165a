import ipaddr from 'ipaddr.js'
import * as z from 'zod'
import { UUID } from '../project-id.ts'
import { isSlug } from '../project-name.ts'
import { metadata } from './metadata.ts'

/** Field types of the configuration. Each message says what a field accepts, with an example. */

const expected = (what: string) => ({ error: `expected ${what}` })

function urlWith(text: string, accept: (url: URL) => boolean): boolean {
  try {
    return accept(new URL(text))
  } catch {
    return false
  }
}

const isHttp = (url: URL) =>
  (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === ''
const isBare = (url: URL) => url.pathname === '/' && url.search === '' && url.hash === ''

/** `https://host[:port]`, stored without a trailing slash. */
export const origin = z
  .string()
  .refine(
    (text) => !text.includes('*') && urlWith(text, (url) => isHttp(url) && isBare(url)),
    expected('an origin such as https://o.example, without path'),
  )
  .transform((text) => new URL(text).origin)

export const httpUrl = z
  .string()
  .refine(
    (text) => urlWith(text, (url) => isHttp(url) && url.search === '' && url.hash === ''),
    expected('an http or https URL without user, query or fragment, e.g. http://127.0.0.1:5000'),
  )

/** A host name, with a port when it is not the scheme's default. Lower case. */
export const hostName = z
  .string()
  .transform((text) => text.toLowerCase())
  .refine(
    (text) => /^\.?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/.test(text) && !text.includes('..'),
    expected('a host name, e.g. api.example'),
  )

export const listenAddress = z.string().refine((text) => {
  const match = /^(\[[0-9a-fA-F:]+\]|[^:\s]+):(\d{1,5})$/.exec(text)
  return match !== null && Number(match[2]) <= 65_535
}, expected('host:port, e.g. 127.0.0.1:4180'))

export const cidr = z
  .string()
  .refine(
    (text) => ipaddr.isValidCIDR(text) && !text.endsWith('/0'),
    expected('an address range (CIDR), e.g. 10.0.0.0/8; not /0'),
  )

export const uuid = z
  .string()
  .regex(UUID, 'expected a UUID, e.g. 11111111-1111-4111-8111-111111111111')
  .transform((text) => text.toLowerCase())

/** Name of a Kubernetes namespace: a label (RFC 1123 §2.1). One that is a UUID would be read as a project. */
export const namespace = z.string().refine(isSlug, 'expected the name of a Kubernetes namespace, no UUID, e.g. team-a')

/** `/` or `/a/b`: plain segments, no trailing slash. */
export const routePath = z
  .string()
  .refine(
    (text) => text === '/' || /^(\/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)+$/.test(text),
    expected('a path such as /mlflow, without trailing slash or escapes'),
  )

/** Printable ASCII without spaces. */
export const token = z.string().regex(/^[\x21-\x7e]+$/, 'expected printable characters without spaces')

export const seconds = (min: number, max: number) => z.int().min(min).max(max)

export const storeAddress = z
  .string()
  .refine(
    (text) => text === 'memory' || /^sqlite:.+/.test(text) || /^rediss?(\+sentinel|\+cluster)?:\/\/.+/.test(text),
    expected('memory, sqlite:PATH, redis://…, rediss://…, redis+sentinel://… or redis+cluster://…'),
  )
  .register(metadata, { secret: true, path: 'sqlite' })

export const filePath = z.string().min(1).register(metadata, { path: 'path' })
