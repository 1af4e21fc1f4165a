import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, test } from 'node:test'
import { parse } from 'yaml'
import { explainCommand } from '../../../src/cli/explain.ts'
import { codeBlocks } from '../infra/docs/pages.ts'

/** `explain` says what a sign-in lacks, as the guide shows. */
const GUIDE = readFileSync('docs/guides/operate/step-up.md', 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'explain-'))
const file = join(folder, 'gateway.yaml')
writeFileSync(
  file,
  JSON.stringify({
    server: { publicUrl: 'https://o.example' },
    issuer: { url: 'https://sso.example', clientId: 'gateway', clientSecret: 'a client secret' },
    session: { secrets: ['a session secret of 32 bytes or more'] },
    access: { adminGroup: 'modelops-admins' },
    projects: { source: 'claim' },
    ...parse(codeBlocks(GUIDE, 'yaml')[0] ?? ''),
  }),
)
afterEach(() => {
  process.exitCode = 0
})
after(() => rmSync(folder, { recursive: true }))

async function explain(words: readonly string[]): Promise<string> {
  const lines: string[] = []
  const { log } = console
  console.log = (line: string) => void lines.push(line)
  try {
    await explainCommand().exitOverride().parseAsync(words, { from: 'user' })
  } finally {
    console.log = log
  }
  return lines.join('\n')
}

const command = codeBlocks(GUIDE, 'sh').find((block) => block.includes('explain')) ?? ''
const words = command.trim().replace('gateway.yaml', file).split(/\s+/).slice(2)

test('the command of the guide prints what the guide shows', async () => {
  assert.equal(await explain(words), codeBlocks(GUIDE, 'text')[0]?.trim())
  assert.equal(process.exitCode, 3)
})

test('with the level it is allowed; with an old sign-in it is not', async () => {
  const otp = words.map((word) => (word === 'password' ? 'otp' : word))
  assert.match(await explain(otp), /^decision {2}allowed/)
  const old = otp.map((word) => (word === '60' ? '5000' : word))
  assert.match(await explain(old), /level {5}auth_time: expected at most 900 s ago, got 5000 s ago/)
})

test('--signed-in that is no number of seconds is an error', async () => {
  const wrong = words.map((word) => (word === '60' ? '1m' : word))
  await assert.rejects(explain(wrong), /--signed-in: expected whole seconds, got "1m"/)
})

test('the claims of a token count', async () => {
  const token = join(folder, 'token')
  for (const [acr, allowed] of [
    ['otp', true],
    ['password', false],
  ] as const) {
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: 'https://sso.example', aud: 'gateway', sub: 's', exp: now + 300, acr, auth_time: now - 10 }
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    writeFileSync(token, `${part({ alg: 'none', typ: 'at+jwt' })}.${part(claims)}.c2ln`)
    const text = await explain(['--config', file, '--url', '/payroll/', '--token-file', token])
    assert.equal(text.includes('allowed'), allowed, text)
  }
})
