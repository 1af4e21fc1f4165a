import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { checkout } from '../../parts/directories.ts'
import { PartMissing } from '../../parts/progress.ts'
import type { BundledPackage } from '../bundle.ts'
import type { Bill, Component } from './bill.ts'

/**
 * The bill of the npm package, by `npm sbom`: of the libraries that package-lock.json has, those which are in the bundle.
 * @throws PartMissing
 */
export async function billOfNpm(bundled: readonly BundledPackage[]): Promise<Bill> {
  const all = await npmSbom()
  const inBundle = new Set(bundled.map(({ name, version }) => `${name}@${version}`))
  const components = all.components.filter((each) => inBundle.has(each['bom-ref']))
  if (components.length !== inBundle.size) {
    const described = new Set(components.map((each) => each['bom-ref']))
    const missing = [...inBundle].filter((each) => !described.has(each))
    throw new Error(`npm sbom does not name ${missing.join(', ')}, which the bundle contains.`)
  }
  const root = all.metadata.component['bom-ref']
  const kept = new Set([root, ...inBundle])
  const dependencies = all.dependencies
    .filter(({ ref }) => kept.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((each) => kept.has(each)) }))
  // npm names the component after the folder of the checkout.
  const component: Component = { ...all.metadata.component, type: 'application', name: 'modelops-gateway' }
  return { metadata: { ...all.metadata, component }, components, dependencies }
}

async function npmSbom(): Promise<Bill> {
  // With `--omit dev`, npm 11 leaves out libraries that the development tools use as well.
  const options = ['--sbom-format', 'cyclonedx', '--package-lock-only']
  const child = spawn('npm', ['sbom', ...options], { cwd: checkout, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  try {
    return JSON.parse(stdout) as Bill
  } catch {
    throw new PartMissing(`npm sbom wrote no JSON.\n${stderr.trim() || stdout.slice(0, 500)}`)
  }
}
