import fc from 'fast-check'

/**
 * Generators without a way back from a value to what it was made of. fast-check has its own, but builds a map of all
 * 1.1 million code points for the way back, which takes a second in each process.
 */
const character = fc
  .oneof(fc.nat({ max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((codePoint) => String.fromCodePoint(codePoint))

/** Any code points, as `fc.string({ unit: 'binary' })` has them. */
export const anyText = fc.array(character).map((characters) => characters.join(''))

const ALPHANUMERIC = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const inSegment = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom(...ALPHANUMERIC, ..."-._~!$&'()*+,;=:@") },
  { weight: 1, arbitrary: character.map((each) => encodeURIComponent(each)) },
)
const segment = fc.array(inSegment).map((each) => each.join(''))

/** A URL with an authority and a path, as `fc.webUrl()` has them (RFC 3986 §3). */
export const anyWebUrl = fc
  .tuple(fc.constantFrom('http', 'https'), fc.webAuthority(), fc.array(segment, { maxLength: 4 }))
  .map(([scheme, authority, segments]) => `${scheme}://${[authority, ...segments].join('/')}`)
