import { readFileSync, statSync } from 'node:fs'
import { ConfigurationError, type FieldError } from '../../shared/settings/field-errors.ts'
import { readFailure } from '../../shared/settings/read-file.ts'
import type { Config } from '../config/schema.ts'
import type { Reply } from '../http/reply.ts'
import { ICON_PATH, LOGO_PATH } from '../pages/brand.ts'
import type { SignInHandler } from './sign-in-request.ts'

/** A picture of `portal.branding`. */
export interface Picture {
  readonly type: string
  readonly content: Uint8Array
}

const MAX_BYTES = 256 * 1024

const isSvg = (bytes: Buffer) =>
  !bytes.includes(0) && /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)*<svg[\s>]/.test(bytes.toString('utf8'))
const startsWith = (bytes: Buffer, hex: string) => bytes.subarray(0, hex.length / 2).toString('hex') === hex

/** The content says what a file is, whatever its name: a browser gets this type, and no other (`nosniff`). */
const TYPES: readonly [type: string, isOfType: (bytes: Buffer) => boolean][] = [
  ['image/png', (bytes) => startsWith(bytes, '89504e470d0a1a0a')],
  ['image/jpeg', (bytes) => startsWith(bytes, 'ffd8ff')],
  ['image/webp', (bytes) => startsWith(bytes, '52494646') && bytes.subarray(8, 12).toString('latin1') === 'WEBP'],
  ['image/x-icon', (bytes) => startsWith(bytes, '00000100')],
  ['image/svg+xml', isSvg],
]

/** Reads the configured pictures, by the path that serves them. @throws ConfigurationError with all errors */
export function loadPictures({ branding }: Config['portal']): ReadonlyMap<string, Picture> {
  const errors: FieldError[] = []
  const pictures = new Map<string, Picture>()
  for (const [key, path] of [
    ['logo', LOGO_PATH],
    ['icon', ICON_PATH],
  ] as const) {
    const file = branding[key]
    if (file === undefined) continue
    const read = readPicture(file)
    if (typeof read === 'string')
      errors.push({
        path: `portal.branding.${key}`,
        expected: 'an SVG, PNG, JPEG, WebP or ICO file up to 256 KiB',
        got: read,
      })
    else pictures.set(path, read)
  }
  if (errors.length > 0) throw new ConfigurationError('portal.branding', errors)
  return pictures
}

/** @returns the picture, or what is there instead */
function readPicture(file: string): Picture | string {
  try {
    const { size } = statSync(file)
    if (size > MAX_BYTES) return `${size} bytes: ${file}`
    const content = readFileSync(file)
    const type = TYPES.find(([, isOfType]) => isOfType(content))?.[0]
    return type === undefined ? `another type of file: ${file}` : { type, content }
  } catch (error) {
    return `${readFailure(error)}: ${file}`
  }
}

/** `GET /auth/branding/logo`, `/icon`: public, because the sign-in pages show them. */
export function sendPicture({ type, content }: Picture): SignInHandler {
  const reply: Reply = {
    status: 200,
    headers: [
      ...['Content-Type', type, 'Cache-Control', 'public, max-age=300'],
      // A picture that is opened by itself is a document of this origin: SVG could contain a script.
      ...['Content-Security-Policy', "default-src 'none';style-src 'unsafe-inline';sandbox"],
    ],
    body: content,
  }
  return () => reply
}
