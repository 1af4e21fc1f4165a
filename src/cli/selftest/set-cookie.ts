/** A `Set-Cookie` without its value, which may be a secret. */
export interface SetCookie {
  readonly name: string
  readonly isHttpOnly: boolean
  readonly isSecure: boolean
  readonly sameSite: string | undefined
  readonly path: string | undefined
  readonly domain: string | undefined
  /** Whether it removes the cookie. */
  readonly isRemoval: boolean
}

export function parseSetCookie(line: string): SetCookie {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
  const has = (name: string) => attributes.some((each) => each.toLowerCase() === name)
  const value = (name: string) =>
    attributes.find((each) => each.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1)
  return {
    name: pair.split('=', 1)[0] ?? '',
    isHttpOnly: has('httponly'),
    isSecure: has('secure'),
    sameSite: value('samesite'),
    path: value('path'),
    domain: value('domain'),
    isRemoval: value('max-age') === '0' || Date.parse(value('expires') ?? '') <= 0,
  }
}
