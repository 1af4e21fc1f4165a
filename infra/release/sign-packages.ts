import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CHECKSUMS, changedFiles } from '../package/checksums.ts'
import { OUTPUT, say } from '../package/output.ts'
import { VERSION } from '../package/python-packages.ts'
import { signChecksums, withKeyFile } from './sign.ts'

/** `npm run sign`: signs what `npm run release` made. It is a command of its own, so that no tool of the build gets the key. */

const HELP = `Usage: npm run sign -- [options]

Signs packages/SHA256SUMS, and with it every file of the release, with minisign.

  --key FILE            minisign secret key (default: the text in the variable SIGNING_KEY)
  --password-file FILE  file with the password of the key (default: the variable SIGNING_KEY_PASSWORD; none for a key without)
  --help                this text
`

const OPTIONS = {
  key: { type: 'string' },
  'password-file': { type: 'string' },
  help: { type: 'boolean' },
} as const

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help) return void process.stdout.write(HELP)
  const { SIGNING_KEY = '', SIGNING_KEY_PASSWORD = '' } = process.env
  const passwordFile = values['password-file']
  const password = passwordFile ? (await readFile(passwordFile, 'utf8')).replace(/\r?\n$/, '') : SIGNING_KEY_PASSWORD
  if (!values.key && !SIGNING_KEY)
    throw new Error(
      'There is no key to sign with. Expected --key FILE or the variable SIGNING_KEY. `minisign -G` makes a key.',
    )
  const changed = await changedFiles(OUTPUT)
  if (changed.length > 0)
    throw new Error(`Files differ from packages/${CHECKSUMS}: ${changed.join(', ')}. Run npm run release again.`)
  const sign = (file: string) => signChecksums(OUTPUT, { file, password }, `modelops-gateway ${VERSION}`, say)
  await (values.key ? sign(values.key) : withKeyFile(SIGNING_KEY, sign))
  say(`${join('packages', `${CHECKSUMS}.minisig`)} signs every file of the release.`)
}

main().catch((error: unknown) => {
  process.stderr.write(`The release was not signed.\n${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
