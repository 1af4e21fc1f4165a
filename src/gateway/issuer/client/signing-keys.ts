import type { JWK } from 'jose'
import type { Config } from '../../config/schema.ts'
import { ClientCredentialError, readClientFile } from './client-file.ts'
import { EXPECTED_KEY, parseSigningKey, type SigningKey } from './signing-key.ts'

type KeyFiles = NonNullable<Config['issuer']['clientKeys']>

/**
 * The keys of `issuer.clientKeys`. The first one signs; all are published, so that the issuer knows a key before it is
 * used and while its last assertions are on their way. Files are read again each time.
 */
export class SigningKeys {
  readonly #files: KeyFiles
  /** What a file contained last: reading it is cheap, importing a key is not. */
  readonly #imported = new Map<number, { readonly text: string; readonly key: SigningKey }>()

  constructor(files: KeyFiles) {
    this.#files = files
  }

  /** @throws ClientCredentialError */
  signing(): Promise<SigningKey> {
    return this.#read(0)
  }

  /** The public keys whose files can be read, with what is wrong with the others. */
  async published(): Promise<{ readonly keys: JWK[]; readonly errors: ClientCredentialError[] }> {
    const read = await Promise.allSettled(this.#files.map((_, index) => this.#read(index)))
    const found = read.flatMap((each) => (each.status === 'fulfilled' ? [each.value.publicJwk] : []))
    return {
      // The same key in two files is one key.
      keys: found.filter(({ kid }, index) => found.findIndex((other) => other.kid === kid) === index),
      errors: read.flatMap((each) => (each.status === 'rejected' ? [credentialError(each.reason)] : [])),
    }
  }

  async #read(index: number): Promise<SigningKey> {
    const { path, ...settings } = this.#files[index] ?? { path: '' }
    const file = { key: `issuer.clientKeys.${index}.path`, path }
    const text = await readClientFile(file, EXPECTED_KEY)
    const known = this.#imported.get(index)
    if (known?.text === text) return known.key
    const key = await parseSigningKey(text, file, settings)
    this.#imported.set(index, { text, key })
    return key
  }
}

function credentialError(reason: unknown): ClientCredentialError {
  if (reason instanceof ClientCredentialError) return reason
  throw reason
}
