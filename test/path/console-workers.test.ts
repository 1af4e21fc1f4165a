import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { BETA } from '../../infra/issuer/users.ts'
import { Browser } from '../browser.ts'
import { signedInBrowser, signIn } from '../kit.ts'
import { Served } from './served.ts'

/** The administration console with several workers: each request reaches another one. */
const TOKEN = 'the-token-of-the-administrators'
let issuer: EmbeddedIssuer
let directory = ''
let served: Served

before(async () => {
  issuer = await startIssuer()
  directory = await mkdtemp(join(tmpdir(), 'console-workers-'))
  served = await Served.start(directory, issuer.url, {
    server: { workers: 2, adminTokenHash: createHash('sha256').update(TOKEN).digest('hex') },
    session: { store: `sqlite:${join(directory, 'sessions.db')}` },
    routes: [{ name: 'a', app: 'generic', path: '/a', upstream: 'http://127.0.0.1:1', access: 'project' }],
  })
})
after(async () => {
  await served?.stop()
  await issuer?.close()
  await rm(directory, { recursive: true })
})

test('denials of every worker are found by every worker', async () => {
  const bob = await signedInBrowser(served, 'bob')
  const ids: string[] = []
  for (let n = 0; n < 6; n++) {
    const response = await bob.fetch(`${served.url}/a/?projectId=${BETA}`)
    assert.equal(response.status, 403)
    ids.push(response.headers.get('x-request-id') ?? '')
  }
  const alice = new Browser()
  await signIn(alice, `${served.url}/auth/admin`, 'alice')
  const unanswered = async () => {
    const pages = await Promise.all(ids.map((id) => alice.open(`${served.url}/auth/admin/why?id=${id}`)))
    return pages.filter(({ text }) => !text.includes('Missing: the group project-beta.')).length
  }
  // A worker writes its denials within a second.
  for (let n = 0; n < 40 && (await unanswered()) > 0; n++) await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(await unanswered(), 0)
})

test('the token opens the console of every worker, which shows the reloads of the replica', async () => {
  const browser = new Browser()
  const form = await browser.open(`${served.adminUrl}/`)
  await browser.submit(form, { token: TOKEN })
  for (let n = 0; n < 4; n++) {
    const { text } = await browser.open(`${served.adminUrl}/console`)
    assert.match(text, /<dt>Worker processes<\/dt><dd>2<\/dd>/)
  }
  await writeFile(served.file, JSON.stringify({ ...served.settings, limits: { headerBytes: 'many' } }))
  served.child.kill('SIGHUP')
  await served.until((output) => output.includes('config-refused'))
  await writeFile(served.file, JSON.stringify({ ...served.settings, portal: { branding: { name: 'Renamed' } } }))
  served.child.kill('SIGHUP')
  await served.until((output) => output.includes('config-reloaded'))
  for (let n = 0; n < 2; n++) {
    const { text } = await browser.open(`${served.adminUrl}/console/reloads`)
    assert.match(text, /succeeded[\s\S]*portal[\s\S]*failed[\s\S]*limits\.headerBytes: expected/)
    assert.match(text, /Renamed/)
  }
})

test('a form of one worker counts at another', async () => {
  const browser = new Browser()
  await browser.submit(await browser.open(`${served.adminUrl}/`), { token: TOKEN })
  await signedInBrowser(served, 'carol')
  const asked = await browser.open(`${served.adminUrl}/console/sessions/end?all=true`)
  const done = await browser.submit(asked)
  assert.match(done.text, /sessions? ended\./)
})
