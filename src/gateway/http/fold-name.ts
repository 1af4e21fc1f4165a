const PUNCTUATION = /[^a-z0-9]+/g

/**
 * A header name as the laxest upstream reads it: servers fold `_` (WSGI, RFC 3875 §4.1.18), `.` and other punctuation
 * into `-`.
 */
export const foldName = (name: string) => name.toLowerCase().replace(PUNCTUATION, '-')
