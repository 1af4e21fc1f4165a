// @ts-check
// CommonJS: only `require` loads a library where it is first needed and returns at once. This one takes a MiB of memory and
// 10 ms when it is loaded, and most configurations have no cookie domain.
'use strict'

/**
 * Whether anybody may register names below a domain. Listed suffixes only: an unlisted single label (`example`, `internal`)
 * belongs to a private network.
 * @param {string} domain
 * @see https://publicsuffix.org/list/
 */
exports.isPublicSuffix = (domain) => {
  const { parse } = require('tldts')
  const { publicSuffix, isIcann, isPrivate } = parse(domain, { allowPrivateDomains: true })
  return publicSuffix === domain && (isIcann === true || isPrivate === true)
}
