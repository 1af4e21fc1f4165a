import dns from 'node:dns'
import { constants } from 'node:os'

/**
 * The second defence of the log: no caller hands over tokens, cookies, codes or secrets. What is secret by its name is
 * replaced wherever it occurs: as a member at any depth, in a URL or a form, in JSON or an inspected object within a
 * text.
 *
 * `code` is two things: an authorization code (RFC 6749 §4.1.2), which is secret, and the code of an error, which is what
 * an operator looks for. An error's code is recognized by the object that has it, and by its form.
 */

const CENSORED = '(redacted)'
const MAX_DEPTH = 8

/** Names of members, in lower case without `_` and `-`. */
const SECRET_MEMBERS: ReadonlySet<string> = new Set([
  'authorization',
  'proxyauthorization',
  'dpop',
  'cookie',
  'setcookie',
  'accesstoken',
  'refreshtoken',
  'idtoken',
  'idtokenhint',
  'logouttoken',
  'clientsecret',
  'clientassertion',
  'codeverifier',
  'devicecode',
  'password',
])

/** Names of OAuth parameters that are secret, as they are written in URLs, forms and JSON. */
const PARAMETERS =
  'code|code_verifier|device_code|access_token|refresh_token|id_token|id_token_hint|logout_token|client_secret|client_assertion|assertion'
/** At the start of a name: nothing that continues another name; or an encoded `?` or `&`, encoded once or more. */
const START = '(?:(?<![\\w-])|(?<=%(?:25)*(?:3f|26)))'
const VALUE_OF = [
  // in a URL or a form, which may itself be encoded in another one
  `${START}(${PARAMETERS})(=|%(?:25)*3d)((?:[^&\\s"'<>\\\\%]|%(?!(?:25)*26))+)`,
  // JSON in a text: its quotes are escaped in the line
  `(\\\\"(?:${PARAMETERS})\\\\"\\s*:\\s*\\\\")((?:[^"\\\\]|\\\\\\\\(?:\\\\["\\\\]|[^\\\\"]))+)`,
  // an inspected object; a value without an end ends with the text, not with the line
  `(?<![\\w-])((?:${PARAMETERS}): ')((?:[^'"\\\\]|\\\\.)+)`,
]
const IN_TEXT = new RegExp(VALUE_OF.join('|'), 'gi')

/** Each of the forms contains one of these. Most lines contain none, and searching them costs more than writing them. */
const SIGNS = ['=', '%', '\\"', ": '"]

/** Replaces secret parameters within the texts of one log line. */
export function redactLine(line: string): string {
  if (!SIGNS.some((sign) => line.includes(sign))) return line
  return line.replace(IN_TEXT, (whole, name, equals, value, json, jsonValue, inspected, inspectedValue) => {
    if (isErrno(value ?? jsonValue ?? inspectedValue)) return whole
    return `${name === undefined ? (json ?? inspected) : name + equals}${CENSORED}`
  })
}

type Members = Record<string, unknown>

/** A copy of what is logged without its secret members; the same object where there are none. */
export function redactMembers(holder: Members, depth = 0): Members {
  let copy: Members | undefined
  const isError = isErrorLike(holder)
  for (const name of Object.keys(holder)) {
    const value = holder[name]
    const shown = isSecret(name, value, isError) ? CENSORED : redactValue(value, depth)
    if (shown === value) continue
    copy ??= { ...holder }
    copy[name] = shown
  }
  return copy ?? holder
}

function redactValue(value: unknown, depth: number): unknown {
  if (value === null || typeof value !== 'object') return value
  if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`
  if (depth >= MAX_DEPTH) return '(nested too deeply)'
  if (Array.isArray(value)) return value.map((entry) => redactValue(entry, depth + 1))
  // Values such as dates and URLs become text, which is read in the line.
  if ('toJSON' in value) return value
  return redactMembers(value as Members, depth + 1)
}

function isSecret(name: string, value: unknown, ofError: boolean): boolean {
  if (value === undefined || value === null) return false
  if (name === 'code') return typeof value === 'string' && !(ofError ? isErrorCode(value) : isErrno(value))
  return SECRET_MEMBERS.has(name.toLowerCase().replaceAll(/[_-]/g, ''))
}

/** An error, or what a serializer made of one. */
const isErrorLike = (holder: Members) =>
  holder instanceof Error ||
  typeof holder.stack === 'string' ||
  typeof holder.syscall === 'string' ||
  (typeof holder.message === 'string' && (typeof holder.name === 'string' || typeof holder.type === 'string'))

/** The code of an error: a constant (`ECONNREFUSED`, `57P01`) or words (`invalid_type`), never a random text. */
const isErrorCode = (code: string) => /^(?:[0-9A-Z_]{1,64}|[a-z]+(?:[_-][a-z]+)*)$/.test(code)

/** Errors of the system and of the resolver. */
const ERRNOS: ReadonlySet<unknown> = new Set([...Object.keys(constants.errno), ...Object.values(dns)])

/** A code that is an error's wherever it occurs: of the system, the resolver, Node, its parser or openid-client. */
const isErrno = (code: string) => ERRNOS.has(code) || /^(?:EAI|ERR|HPE|OAUTH|UND_ERR)(?:_[A-Z0-9]+)+$/.test(code)
