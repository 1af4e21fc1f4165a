import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { git } from '../parts/git.ts'
import { PartMissing } from '../parts/progress.ts'

/**
 * Why a checkout cannot be released as a version. Each says what to do.
 * @returns nothing if it can
 * @throws PartMissing if git cannot be asked
 */
export async function releaseProblems(folder: string, version: string): Promise<readonly string[]> {
  const ask = async (...args: string[]) => {
    const { ok, tail } = await git(folder, ...args)
    if (!ok) throw new PartMissing(`git ${args[0]} failed. A release needs a checkout.\n${tail}`)
    return tail
  }
  const problems: string[] = []
  const changes = await ask('status', '--porcelain')
  if (changes !== '') problems.push(`Files differ from the commit. Commit or remove them:\n${changes}`)
  const tags = (await ask('tag', '--points-at', 'HEAD')).split('\n')
  if (!tags.includes(`v${version}`))
    problems.push(
      `Expected the tag v${version} on this commit, found ${tags.join(', ') || 'none'}. Check out the tag, or make it: ` +
        `git tag --sign v${version} --message 'modelops-gateway ${version}'.`,
    )
  const changelog = await readFile(join(folder, 'CHANGELOG.md'), 'utf8')
  const [, state] = new RegExp(`^## ${version.replaceAll('.', '\\.')} \\((.*)\\)$`, 'm').exec(changelog) ?? []
  if (!/^\d{4}-\d{2}-\d{2}$/.test(state ?? ''))
    problems.push(
      `CHANGELOG.md: expected "## ${version} (YYYY-MM-DD)", found ${state ? `"(${state})"` : 'no such section'}.`,
    )
  return problems
}
