import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { bundledProgram } from '../../cli/bundled.ts'
import { codeBlocks } from '../infra/docs/pages.ts'

/** `config migrate` as a command, on files as people write them. */
const folder = mkdtempSync(join(tmpdir(), 'config-migrate-'))
after(() => rmSync(folder, { recursive: true }))
const [node = '', ...program] = await bundledProgram()

let files = 0
function fileWith(text: string): string {
  files += 1
  const file = join(folder, `${files}.yaml`)
  writeFileSync(file, text)
  return file
}

function migrate(file: string, ...options: string[]) {
  const args = [...program, 'config', 'migrate', '--config', file, ...options]
  const { status, stdout, stderr } = spawnSync(node, args, { encoding: 'utf8' })
  return { status, stdout: stdout.replaceAll(file, 'FILE'), stderr: stderr.replaceAll(file, 'FILE') }
}

const OLD = `# The gateway of the team
limits: { answerIdleSeconds: "\${env:IDLE_SECONDS}", bodyIdleSeconds: 30 }   # slow clients

session:
    secrets: [ hunter2-hunter2-hunter2-hunter2, '\${file:/run/secrets/session}' ]
routes:
  # training
  - name: mlflow
    'answerSeconds':   600
  - {name: core, answerSeconds: 5} # a short one
`
const NEW = OLD.replace('answerIdleSeconds', 'responseIdleSeconds')
  .replace("'answerSeconds'", 'responseSeconds')
  .replace('answerSeconds', 'responseSeconds')

test('it shows what would change, without a secret or a comment, and changes nothing', () => {
  const file = fileWith(OLD)
  const { status, stdout, stderr } = migrate(file)
  assert.equal(status, 2)
  assert.equal(
    stdout,
    `--- FILE
+++ FILE
@@ -2,1 +2,1 @@
-limits: { answerIdleSeconds: "\${env:IDLE_SECONDS}", bodyIdleSeconds: 30 }   …
+limits: { responseIdleSeconds: "\${env:IDLE_SECONDS}", bodyIdleSeconds: 30 }   …
@@ -9,1 +9,1 @@
-    'answerSeconds':   600
+    responseSeconds:   600
@@ -10,1 +10,1 @@
-  - {name: core, answerSeconds: 5} …
+  - {name: core, responseSeconds: 5} …
`,
  )
  assert.match(stderr, /^FILE: 3 keys to rename\. Nothing was changed; --write does\.$/m)
  assert.equal(readFileSync(file, 'utf8'), OLD)
})

test('the guide to an upgrade shows the output', () => {
  const guide = codeBlocks(readFileSync('docs/guides/deploy/upgrade.md', 'utf8'), 'text')
  const file = fileWith('limits:\n  answerIdleSeconds: ${env:IDLE_SECONDS} # slow clients\n')
  assert.ok(guide.includes(migrate(file).stdout.replaceAll('FILE', 'gateway.yaml')))
})

test('--write changes the names alone, keeps the permissions and the previous file, and a second run changes nothing', () => {
  const file = fileWith(OLD)
  chmodSync(file, 0o640)
  const { status, stderr } = migrate(file, '--write')
  assert.equal(status, 0)
  assert.match(stderr, /3 keys renamed\. The previous file is FILE\.bak\./)
  assert.equal(readFileSync(file, 'utf8'), NEW)
  assert.equal(readFileSync(`${file}.bak`, 'utf8'), OLD)
  assert.equal(statSync(file).mode & 0o777, 0o640)
  const again = migrate(file, '--write')
  assert.deepEqual([again.status, again.stdout], [0, ''])
  assert.match(again.stderr, /every key has its current name/)
  assert.equal(readdirSync(folder).filter((name) => name.startsWith(`${files}.yaml`)).length, 2)
})

test('both names with different values are refused, with the place, and nothing is written', () => {
  const text = 'limits:\n  answerIdleSeconds: 60\n  responseIdleSeconds: 61\n'
  const file = fileWith(text)
  const { status, stderr } = migrate(file, '--write')
  assert.equal(status, 1)
  assert.match(stderr, /^FILE:2:22: limits\.answerIdleSeconds$/m)
  assert.match(stderr, /Decide which value counts, and remove `answerIdleSeconds`\./)
  assert.equal(readFileSync(file, 'utf8'), text)
})

test('both names with the same value: the previous one is removed', () => {
  const file = fileWith('limits:\n  answerIdleSeconds: 60 # seconds\n  responseIdleSeconds: 60\n')
  assert.equal(migrate(file, '--write').status, 0)
  assert.equal(readFileSync(file, 'utf8'), 'limits:\n  responseIdleSeconds: 60\n')
})

test('the key of the core API that was split becomes the three that replace it', () => {
  const list = '\n    - ci # the pipeline\n    - "${env:CLIENT}"'
  const file = fileWith(`access:\n  adminGroup: x\n  serviceUsers:${list}\nencryption: { token: hunter2 }\n`)
  const { status, stdout } = migrate(file, '--core', '--write')
  assert.equal(status, 0)
  assert.ok(!stdout.includes('hunter2') && !stdout.includes('pipeline'))
  assert.equal(
    readFileSync(file, 'utf8'),
    `access:\n  adminGroup: x\n  directoryReaders:${list}\n  jobUsers:${list}\n  adminClients:${list}\nencryption: { token: hunter2 }\n`,
  )
})

test('a split key next to one that replaces it is refused', () => {
  const { status, stderr } = migrate(fileWith('access: { serviceUsers: [a], jobUsers: [b] }'), '--core')
  assert.equal(status, 1)
  assert.match(stderr, /expected: only directoryReaders, jobUsers, adminClients/)
})

test('the file that a link leads to is replaced, and the link stays', () => {
  const file = fileWith('limits: { answerIdleSeconds: 60 }\n')
  const link = join(folder, 'link.yaml')
  symlinkSync(file, link)
  assert.equal(migrate(link, '--write').status, 0)
  assert.equal(readFileSync(file, 'utf8'), 'limits: { responseIdleSeconds: 60 }\n')
  assert.equal(readFileSync(link, 'utf8'), 'limits: { responseIdleSeconds: 60 }\n')
})

test('a file that is not YAML, or that does not exist, is an error', () => {
  assert.equal(migrate(fileWith('limits: {')).status, 1)
  assert.equal(migrate(join(folder, 'nothing.yaml')).status, 1)
})
