import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from '../../parts/lock.ts'
import { type Progress, toStderr } from '../../parts/progress.ts'
import { must } from '../../parts/run-or-throw.ts'
import { brokenLinks } from './check-links.ts'
import { type SiteOptions, stage } from './stage.ts'

export type BuildOptions = Omit<SiteOptions, 'output'> & {
  /** The folder of all versions. */
  readonly directory: string
}

/**
 * Builds one version next to those that are there. It replaces a build of the same version when it is complete.
 * @throws Error with every broken link
 */
export async function buildSite(options: BuildOptions, progress: Progress = toStderr): Promise<void> {
  const { directory, version, base } = options
  mkdirSync(directory, { recursive: true })
  const output = join(directory, `.${version}-new`)
  await withLock('docs-site-build', progress, async () => {
    try {
      stage({ ...options, base: `${base}${version}/`, output })
      const vitepress = join('node_modules', 'vitepress', 'bin', 'vitepress.js')
      await must(process.execPath, [vitepress, 'build'], { cwd: import.meta.dirname })
      const broken = brokenLinks(output, `${base}${version}/`)
      if (broken.length > 0) throw new Error(`${broken.length} broken links:\n${broken.join('\n')}`)
      rmSync(join(directory, version), { recursive: true, force: true })
      renameSync(output, join(directory, version))
    } finally {
      rmSync(output, { recursive: true, force: true })
    }
  })
  writeVersions(directory, base)
}

/** The versions in a folder, the latest first. */
export const versionsIn = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => /^\d+\.\d+$/.test(name))
    .sort((one, other) => other.localeCompare(one, 'en', { numeric: true }))

/** Writes what the version switch reads, and the redirects to the latest version. */
function writeVersions(directory: string, base: string): void {
  const versions = versionsIn(directory)
  const [latest = ''] = versions
  writeFileSync(join(directory, 'versions.json'), `${JSON.stringify({ latest, versions }, null, 2)}\n`)
  const redirect = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="0;url=${base}${latest}/">
<link rel="icon" href="data:,">
<title>modelops-gateway ${latest}</title>
<p><a href="${base}${latest}/">Documentation of version ${latest}</a></p>
</html>
`
  mkdirSync(join(directory, 'latest'), { recursive: true })
  for (const page of ['index.html', 'latest/index.html']) writeFileSync(join(directory, page), redirect)
}
