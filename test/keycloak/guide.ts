import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { delimiter } from 'node:path'
import { promisify } from 'node:util'
import { type Keycloak, SHORT_LIVED } from '../../infra/parts/keycloak.ts'
import { codeBlocks } from '../unit/infra/docs/pages.ts'

/** The guide to Keycloak, whose commands and configuration tests run. */
const GUIDE = readFileSync('docs/guides/issuers/keycloak.md', 'utf8')

/** Replaces the addresses of the guide. */
export const local = (text: string, { origin }: Pick<Keycloak, 'origin'>, gatewayUrl: string): string =>
  text.replaceAll('https://sso.example', origin).replaceAll('https://o.example', gatewayUrl)

/** The shell commands of the sections from one number up to, and without, another. */
export function guideCommands(from: number, to: number): string {
  const at = (section: number) => {
    const index = GUIDE.indexOf(`\n## ${section}. `)
    if (index < 0) throw new Error(`the guide has no section ${section}`)
    return index
  }
  return codeBlocks(GUIDE.slice(at(from), at(to)), 'sh').join('\n')
}

/** The first configuration that the guide shows. */
export const guideYaml = (): string => codeBlocks(GUIDE, 'yaml')[0] ?? ''

/** Runs a script with `kcadm.sh`, which keeps its sign-in in the folder. @throws Error with its output */
export async function runKcadm({ bin }: Pick<Keycloak, 'bin'>, folder: string, script: string): Promise<void> {
  const PATH = `${bin}${delimiter}${process.env.PATH}`
  const env = { ...process.env, PATH, HOME: folder, KC_CLI_PASSWORD: 'admin', KC_OPTS: SHORT_LIVED }
  await promisify(execFile)('sh', ['-euc', script], { cwd: folder, env })
}
