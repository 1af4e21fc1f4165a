import type { Progress } from '../../parts/progress.ts'
import { ARCHITECTURES, type Base } from '../image/base-packages.ts'
import { ensureNodeBinary } from '../image/node-binary.ts'
import { VERSION } from '../python-packages.ts'
import { APACHE, type Bill, type Component } from './bill.ts'

/** The bill of the image: the Debian packages and the Node of both architectures, and everything that the npm package contains. */
export async function billOfImage(base: Base, npm: Bill, progress: Progress): Promise<Bill> {
  const program = { ...npm.metadata.component }
  const image: Component = {
    type: 'container',
    'bom-ref': 'image',
    name: 'modelops-gateway',
    version: VERSION,
    licenses: APACHE,
  }
  const parts = [...debianOf(base), ...(await nodes(progress))]
  const contains = [...parts, program].map((each) => each['bom-ref'])
  return {
    metadata: { component: image },
    components: [...parts, program, ...npm.components],
    dependencies: [{ ref: 'image', dependsOn: contains }, ...npm.dependencies],
  }
}

/** @see https://github.com/package-url/purl-spec/blob/main/types-doc/deb-definition.md */
const debianOf = ({ suite, packages }: Base): Component[] =>
  packages.flatMap(({ name, version, sha256 }) =>
    ARCHITECTURES.map((architecture): Component => {
      const names = [name, version].map(encodeURIComponent).join('@')
      const purl = `pkg:deb/debian/${names}?arch=${architecture}&distro=${suite}`
      const hashes = [{ alg: 'SHA-256', content: sha256[architecture] }]
      return { type: 'library', 'bom-ref': purl, name, version, purl, hashes }
    }),
  )

const nodes = (progress: Progress) =>
  Promise.all(
    ARCHITECTURES.map(async (architecture): Promise<Component> => {
      const { name, version, integrity } = await ensureNodeBinary(architecture, progress)
      const content = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex')
      const purl = `pkg:npm/${name}@${version}`
      const cpe = `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`
      return { type: 'platform', 'bom-ref': purl, name, version, cpe, purl, hashes: [{ alg: 'SHA-512', content }] }
    }),
  )
