import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { exportJWK, generateKeyPair, type JWK } from 'jose'

/** Keys of the issuer: for tokens (the first one signs) and for its own cookies. */
export interface Keys {
  readonly signing: readonly JWK[]
  readonly cookies: readonly string[]
}

export async function newSigningKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  return {
    ...(await exportJWK(privateKey)),
    alg: 'RS256',
    use: 'sig',
    kid: randomBytes(8).toString('hex'),
  }
}

const newKeys = async (): Promise<Keys> => ({
  signing: [await newSigningKey()],
  cookies: [randomBytes(32).toString('hex')],
})

/** The keys in `file`, which is created if it is missing. Without a file, the keys are kept in memory. */
export async function loadKeys(file: string | undefined): Promise<Keys> {
  if (file !== undefined && existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'))
  const keys = await newKeys()
  if (file !== undefined) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, JSON.stringify(keys), { mode: 0o600 })
  }
  return keys
}
