import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { CHECKSUMS, changedFiles, writeChecksums } from '../../infra/package/checksums.ts'
import { ensureDebian } from '../../infra/parts/debian.ts'
import { toStderr } from '../../infra/parts/progress.ts'
import { type SigningKey, signChecksums, withKeyFile } from '../../infra/release/sign.ts'

/** What a release signs, and the commands of docs/guides/deploy/verify.md with a real minisign. */

const PASSWORD = 'password of the tests'
let folder: string
/** Elsewhere: the checksums are of everything in the folder. */
let keys: string
let own: SigningKey
let withPassword: SigningKey

before(async () => {
  await ensureDebian([{ command: 'minisign', debianPackage: 'minisign' }], toStderr)
  folder = mkdtempSync(join(tmpdir(), 'sign-'))
  keys = mkdtempSync(join(tmpdir(), 'sign-keys-'))
  const make = (name: string, options: readonly string[], input: string) => {
    execFileSync('minisign', ['-G', '-p', `${name}.pub`, '-s', name, ...options], { cwd: folder, input, stdio: 'pipe' })
    const file = join(keys, name)
    renameSync(join(folder, name), file)
    return file
  }
  // A password costs seconds each time, and a gigabyte of memory.
  withPassword = { file: make('with-password', [], `${PASSWORD}\n${PASSWORD}\n`), password: PASSWORD }
  own = { file: make('modelops-gateway', ['-W'], ''), password: '' }
})
beforeEach(async () => {
  writeFileSync(join(folder, 'package.tgz'), 'the package')
  rmSync(join(folder, CHECKSUMS), { force: true })
  rmSync(join(folder, `${CHECKSUMS}.minisig`), { force: true })
  await writeChecksums(folder)
})
after(() => {
  for (const each of [folder, keys]) rmSync(each, { recursive: true, force: true })
})

const sign = (key: SigningKey) => signChecksums(folder, key, 'modelops-gateway 1.2.3', () => {})

/** The guide's commands, in the folder. */
function verify(): { readonly ok: boolean; readonly said: string } {
  const guide = readFileSync('docs/guides/deploy/verify.md', 'utf8')
  const [, commands = ''] = /^## 1\..*?^```sh\n(.*?)^```/ms.exec(guide) ?? []
  const { status, stdout, stderr } = spawnSync('sh', ['-e', '-c', commands.replace('cd packages\n', '')], {
    cwd: folder,
    encoding: 'utf8',
  })
  return { ok: status === 0, said: stdout + stderr }
}

test('the guide verifies a signed release, and prints its name and version', async () => {
  await sign(own)
  const { ok, said } = verify()
  assert.ok(ok, said)
  assert.match(said, /Trusted comment: modelops-gateway 1\.2\.3\n(?:.*\n)*package\.tgz: OK/)
})

test('the same key signs the same bytes', async () => {
  await sign(own)
  const first = readFileSync(join(folder, `${CHECKSUMS}.minisig`), 'utf8')
  await sign(own)
  assert.equal(readFileSync(join(folder, `${CHECKSUMS}.minisig`), 'utf8'), first)
})

test('a changed package is found', async () => {
  await sign(own)
  appendFileSync(join(folder, 'package.tgz'), 'x')
  const { ok, said } = verify()
  assert.ok(!ok)
  assert.match(said, /package\.tgz: FAILED/)
})

test('changed checksums are found', async () => {
  await sign(own)
  writeFileSync(join(folder, 'package.tgz'), 'another package')
  await rewriteChecksums()
  const { ok, said } = verify()
  assert.ok(!ok)
  assert.match(said, /Signature verification failed/)
})

test('the signature of another key is found', async () => {
  await sign(withPassword)
  const { ok, said } = verify()
  assert.ok(!ok)
  assert.match(said, /Signature key id in .*\nbut the key id in the public key is/)
})

async function rewriteChecksums(): Promise<void> {
  const signature = readFileSync(join(folder, `${CHECKSUMS}.minisig`))
  rmSync(join(folder, CHECKSUMS))
  rmSync(join(folder, `${CHECKSUMS}.minisig`))
  await writeChecksums(folder)
  writeFileSync(join(folder, `${CHECKSUMS}.minisig`), signature)
}

test('a wrong password is an error that says what was expected, and neither the password nor the key', async () => {
  const secrets = [PASSWORD, 'wrong one', ...readFileSync(withPassword.file, 'utf8').trim().split('\n').slice(1)]
  await assert.rejects(sign({ ...withPassword, password: 'wrong one' }), (error: Error) => {
    assert.match(error.message, /Expected a secret key of minisign and its password\.\nWrong password/)
    return secrets.every((secret) => !error.message.includes(secret))
  })
  assert.ok(!readdirSync(folder).includes(`${CHECKSUMS}.minisig`))
})

for (const [name, key] of [
  ['nothing', ''],
  [
    'a public key',
    'untrusted comment: minisign public key\nRWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n',
  ],
] as const) {
  test(`${name} instead of a secret key is an error`, async () => {
    const signed = withKeyFile(key, (file) => sign({ file, password: '' }))
    await assert.rejects(signed, /Expected a secret key of minisign/)
  })
}

test('a key from the environment is in a file for as long as it is used', async () => {
  let file = ''
  await withKeyFile('a secret', async (given) => {
    file = given
    assert.equal(readFileSync(file, 'utf8'), 'a secret')
    assert.equal(statSync(file).mode & 0o777, 0o600)
  })
  assert.ok(!existsSync(file) && !existsSync(dirname(file)))
  await assert.rejects(withKeyFile('x', () => Promise.reject(new Error('o'))))
})

test('what differs from the checksums is named, and a signature is not', async () => {
  await sign(own)
  assert.deepEqual(await changedFiles(folder), [])
  appendFileSync(join(folder, 'package.tgz'), 'x')
  writeFileSync(join(folder, 'new.tgz'), 'x')
  assert.deepEqual([...(await changedFiles(folder))].sort(), ['new.tgz', 'package.tgz'])
  rmSync(join(folder, 'new.tgz'))
  rmSync(join(folder, 'package.tgz'))
  assert.deepEqual(await changedFiles(folder), ['package.tgz'])
})
