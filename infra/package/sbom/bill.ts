import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { sha256Of } from '../digest.ts'

/** The ending of a bill of materials: that of `FILE` is `FILE.cdx.json`. */
export const BILL = '.cdx.json'

export interface Component {
  readonly type: 'application' | 'container' | 'file' | 'library' | 'operating-system' | 'platform'
  readonly 'bom-ref': string
  readonly name: string
  readonly version?: string
  readonly purl?: string
  readonly description?: string
  readonly licenses?: readonly unknown[]
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[]
  readonly [field: string]: unknown
}

export interface Dependency {
  readonly ref: string
  readonly dependsOn?: readonly string[]
}

/** What the tools of the registries and this project write. @see https://cyclonedx.org/docs/1.6/json/ */
export interface Bill {
  readonly metadata: { readonly component: Component; readonly [field: string]: unknown }
  readonly components: readonly Component[]
  readonly dependencies: readonly Dependency[]
}

export const APACHE = [{ license: { id: 'Apache-2.0' } }]

/**
 * Writes the bill of materials of a file beside it, with the digest of the file. Nothing in it depends on when, where or by
 * whom it was made: the serial number is made from what the bill says.
 * @param date In seconds since 1970.
 */
export async function writeBill(file: string, { metadata, components, dependencies }: Bill, date: number) {
  const component = { ...metadata.component, hashes: [{ alg: 'SHA-256', content: await sha256Of(file) }] }
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { ...metadata, timestamp: new Date(date * 1000).toISOString(), component },
    components: [...components].sort(byRef),
    dependencies: [...dependencies].sort((one, other) => (one.ref < other.ref ? -1 : 1)),
  }
  const serialNumber = `urn:uuid:${uuidOf(JSON.stringify(bill))}`
  const { $schema, bomFormat, specVersion, ...rest } = bill
  const whole = { $schema, bomFormat, specVersion, serialNumber, ...rest }
  await writeFile(`${file}${BILL}`, `${JSON.stringify(whole, null, 2)}\n`)
}

const byRef = (one: Component, other: Component) => (one['bom-ref'] < other['bom-ref'] ? -1 : 1)

/** A name-based UUID of custom content. @see RFC 9562 section 5.8 */
function uuidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
