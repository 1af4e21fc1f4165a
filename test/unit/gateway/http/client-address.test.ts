import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildClientAddress } from '../../../../src/gateway/http/client-address.ts'

const { address, isTrusted } = buildClientAddress(['10.0.0.0/8', 'fd00::/8'])

const rows: [string, string | undefined, string | undefined, string][] = [
  ['nobody is believed who is not listed', '192.0.2.1', '6.6.6.6', '192.0.2.1'],
  ['loopback is not listed by itself', '127.0.0.1', '6.6.6.6', '127.0.0.1'],
  ['a listed proxy says who asked it', '10.0.0.1', '192.0.2.7', '192.0.2.7'],
  ['what stands left of the first unlisted address is invented', '10.0.0.1', '6.6.6.6, 192.0.2.7', '192.0.2.7'],
  ['a chain of listed proxies is followed', '10.0.0.1', '192.0.2.7, 10.0.0.3', '192.0.2.7'],
  ['an invented proxy of ours ends at what the real one saw', '10.0.0.1', '10.0.0.9, 192.0.2.7', '192.0.2.7'],
  ['a word that is no address ends the reading', '10.0.0.1', '192.0.2.7, evil', '10.0.0.1'],
  ['an address in IPv6’s clothes is the same peer', '::ffff:10.0.0.1', '192.0.2.7', '192.0.2.7'],
  ['a listed proxy of IPv6', 'fd00::1', '2001:db8::7', '2001:db8::7'],
  ['without the header it is the peer', '10.0.0.1', undefined, '10.0.0.1'],
  ['an empty header says nothing', '10.0.0.1', '', '10.0.0.1'],
]
for (const [name, peer, said, expected] of rows) test(name, () => assert.equal(address(peer, said), expected))

test('without a list nobody is trusted', () => {
  const none = buildClientAddress([])
  assert.equal(none.isTrusted('127.0.0.1'), false)
  assert.equal(none.address('127.0.0.1', '6.6.6.6'), '127.0.0.1')
  assert.equal(isTrusted(undefined), false)
})
