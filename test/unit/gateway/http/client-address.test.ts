import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildClientAddress } from '../../../../src/gateway/http/client-address.ts'

const { address, isTrusted } = buildClientAddress(['10.0.0.0/8', 'fd00::/8'])

const rows: [string, string | undefined, string | undefined, string][] = [
  ['a peer that is not listed is not trusted', '192.0.2.1', '6.6.6.6', '192.0.2.1'],
  ['loopback is not trusted by default', '127.0.0.1', '6.6.6.6', '127.0.0.1'],
  ["a listed proxy reports the client's address", '10.0.0.1', '192.0.2.7', '192.0.2.7'],
  ['addresses left of the first unlisted address are ignored', '10.0.0.1', '6.6.6.6, 192.0.2.7', '192.0.2.7'],
  ['a chain of listed proxies is followed', '10.0.0.1', '192.0.2.7, 10.0.0.3', '192.0.2.7'],
  [
    'a forged proxy address ends at the address that the real proxy reported',
    '10.0.0.1',
    '10.0.0.9, 192.0.2.7',
    '192.0.2.7',
  ],
  ['a value that is not an address ends the evaluation', '10.0.0.1', '192.0.2.7, evil', '10.0.0.1'],
  ['an IPv4-mapped IPv6 address is the same peer', '::ffff:10.0.0.1', '192.0.2.7', '192.0.2.7'],
  ['a listed IPv6 proxy', 'fd00::1', '2001:db8::7', '2001:db8::7'],
  ['without the header the peer is the client', '10.0.0.1', undefined, '10.0.0.1'],
  ['an empty header is ignored', '10.0.0.1', '', '10.0.0.1'],
]
for (const [name, peer, said, expected] of rows) test(name, () => assert.equal(address(peer, said), expected))

test('without a list no proxy is trusted', () => {
  const none = buildClientAddress([])
  assert.equal(none.isTrusted('127.0.0.1'), false)
  assert.equal(none.address('127.0.0.1', '6.6.6.6'), '127.0.0.1')
  assert.equal(isTrusted(undefined), false)
})
