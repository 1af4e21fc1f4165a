import { isLoopback } from '../../../shared/loopback.ts'
import type { CheckError } from '../../../shared/settings/load-settings.ts'
import type { Config } from '../schema.ts'
import { usesSecureCookies } from '../secure-cookies.ts'
import { isPublicSuffix } from './public-suffix.cjs'

type Cookie = Config['cookie']

const PUBLIC_URL = ['server.publicUrl']

export function cookieErrors(cookie: Cookie, server: Config['server']): CheckError[] {
  const { publicUrl } = server
  const domainError =
    cookie.domain === undefined ? undefined : domainErrorOf(cookie.domain, new URL(publicUrl).hostname)
  return [
    ...attributeErrors(cookie, server),
    ...frameErrors(cookie, server),
    ...(domainError ? [{ path: 'cookie.domain', dependsOn: PUBLIC_URL, ...domainError }] : []),
  ]
}

function attributeErrors(cookie: Cookie, server: Config['server']): CheckError[] {
  const { sameSite, secure } = cookie
  const { protocol, hostname } = new URL(server.publicUrl)
  const https = protocol === 'https:'
  const errors: CheckError[] = []
  if (sameSite === 'none' && !usesSecureCookies({ cookie, server })) {
    errors.push({
      path: 'cookie.sameSite',
      expected: '`lax` or `strict` for a cookie that is not secure',
      hint: 'Use lax, or serve the gateway over https.',
      dependsOn: PUBLIC_URL,
    })
  }
  if (secure === false && https) {
    const hint = 'Remove `secure`.'
    errors.push({ path: 'cookie.secure', expected: 'true, because publicUrl is https', hint, dependsOn: PUBLIC_URL })
  }
  if (secure === true && !https && !isLoopback(hostname)) {
    errors.push({
      path: 'cookie.secure',
      expected: 'false, because browsers do not send a secure cookie to an http publicUrl',
      hint: 'Remove `secure`, or use https in server.publicUrl.',
      dependsOn: PUBLIC_URL,
    })
  }
  return errors
}

/** A frame on another site gets no cookie but one with SameSite=None (RFC 6265bis §5.8.3). */
function frameErrors({ sameSite, partitioned }: Cookie, { frameAncestors }: Config['server']): CheckError[] {
  const hint = 'Set `cookie.sameSite: none`, or remove the key.'
  const dependsOn = ['cookie.sameSite']
  if (sameSite !== 'none') {
    const why = `because a cookie with sameSite \`${sameSite}\` does not reach frames of other sites`
    return [
      ...(partitioned ? [{ path: 'cookie.partitioned', expected: `false, ${why}`, hint, dependsOn }] : []),
      ...(frameAncestors.length > 0
        ? [{ path: 'server.frameAncestors', expected: `an empty list, ${why}`, hint, dependsOn }]
        : []),
    ]
  }
  if (!partitioned || frameAncestors.length > 0) return []
  const expected = 'at least one origin, because partitioned cookies are for frames of other sites'
  const list = { path: 'server.frameAncestors', expected, hint: 'Name the sites, or remove `cookie.partitioned`.' }
  return [{ ...list, dependsOn: ['cookie.partitioned'] }]
}

/** A cookie domain must cover the public host and must not be a public suffix (RFC 6265bis §5.6). */
function domainErrorOf(domain: string, publicHost: string): Pick<CheckError, 'expected' | 'hint'> | undefined {
  const bare = domain.replace(/^\./, '')
  if (bare.includes(':')) return { expected: 'a domain without port', hint: 'Remove the port: cookies have none.' }
  if (publicHost !== bare && !publicHost.endsWith(`.${bare}`))
    return {
      expected: 'a domain that the host of server.publicUrl belongs to',
      hint: 'Name a parent domain of that host.',
    }
  if (bare === 'localhost') {
    const hint =
      'Browsers share no cookie over all of localhost. Remove `domain`, or use names below e.g. demo.localhost.'
    return { expected: 'a domain below localhost, e.g. .demo.localhost', hint }
  }
  if (!isPublicSuffix(bare)) return undefined
  return {
    expected: 'a domain that is not a public suffix',
    hint: 'Browsers refuse cookies for domains under which anybody may register. Name your own domain.',
  }
}
