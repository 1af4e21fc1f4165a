import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { CLI_CLIENT } from '../../infra/issuer/clients.ts'
import { ALPHA } from '../../infra/issuer/users.ts'
import { Browser } from '../browser.ts'
import { type Kit, startKit } from '../kit.ts'
import { CommandLine } from './command-line.ts'

/** `whoami` and `projects` with a sign-in of the command line. */
let kit: Kit
let home: string
let cli: CommandLine

before(async () => {
  kit = await startKit({ config: { issuer: { cliClientId: CLI_CLIENT.id } } })
  home = mkdtempSync(join(tmpdir(), 'home-'))
  cli = new CommandLine(home)
})
after(async () => {
  cli?.kill()
  await kit?.close()
  rmSync(home, { recursive: true, force: true })
})

async function signIn(username: string): Promise<void> {
  const { address, ended } = cli.start('login', '--gateway', kit.url, '--browser', '--no-open')
  const browser = new Browser()
  await browser.submit(await browser.open(await address), { username, password: `${username}-pw` })
  assert.equal((await ended).code, 0)
}

test('whoever is not signed in is told how to', async () => {
  for (const command of ['whoami', 'projects']) {
    const { code, stdout, stderr } = await cli.run(command)
    assert.deepEqual([code, stdout], [1, ''])
    assert.equal(stderr, 'You are not signed in. Run: modelops-gateway login --gateway URL\n')
  }
})

test('bob sees his name, groups and projects, in words and as JSON', async () => {
  await signIn('bob')
  const { stdout } = await cli.run('whoami')
  assert.match(stdout, /^user {6}bob\ngateway {3}http/)
  assert.match(stdout, /\ngroups {4}project-alpha\nprojects {2}alpha \(editor\)\n$/)
  assert.equal((await cli.run('projects')).stdout, `alpha  editor  ${ALPHA}\n`)
  assert.deepEqual(JSON.parse((await cli.run('projects', '--json')).stdout), [
    { id: ALPHA, name: 'alpha', role: 'editor' },
  ])
  const { username, admin, gateway } = JSON.parse((await cli.run('whoami', '--json')).stdout)
  assert.deepEqual([username, admin, gateway], ['bob', false, kit.url])
})

test('an administrator is shown as one', async () => {
  await signIn('alice')
  assert.match((await cli.run('whoami')).stdout, /\nrole {6}administrator of all projects\n$/)
})

test('whoever has no project is told whom to ask, and JSON is an empty list', async () => {
  await signIn('erin')
  const { code, stdout, stderr } = await cli.run('projects')
  assert.deepEqual([code, stdout], [0, ''])
  assert.match(stderr, /^You are not a member of any project\. Ask an administrator/)
  assert.equal((await cli.run('projects', '--json')).stdout, '[]\n')
})

test('a gateway that does not respond is named', async () => {
  await kit.gateway.close()
  const { code, stderr } = await cli.run('whoami')
  assert.equal(code, 1)
  assert.match(stderr, /^http:\/\/127\.0\.0\.1:\d+ cannot be reached\. Check/)
})
