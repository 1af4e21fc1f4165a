import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import { type CoreService, startCore } from '../../../src/core-api/service.ts'
import { ALPHA, coreConfig, type Signer, startSigner } from '../../core/kit.ts'

/** The gateway forwards up to 64 KiB of headers and adds the groups of the user twice. */
let signer: Signer
let core: CoreService
before(async () => {
  signer = await startSigner()
  const config = coreConfig(signer, 'sqlite::memory:', 'server: { listen: "127.0.0.1:0", drainSeconds: 0 }')
  core = await startCore(config, pino({ level: 'silent' }), Date.now)
})
after(async () => {
  await core.close()
  await signer.close()
})

const status = async (groupsBytes: number) => {
  const headers = { 'AOA-Project-ID': ALPHA, 'X-Forwarded-Groups': 'g'.repeat(groupsBytes) }
  return (await fetch(`${core.url}/healthz`, { headers })).status
}

test('a request of a user in hundreds of groups is accepted', async () => {
  assert.equal(await status(100_000), 200)
})

test('a header section without bound is rejected', async () => {
  assert.equal(await status(140_000), 431)
})
