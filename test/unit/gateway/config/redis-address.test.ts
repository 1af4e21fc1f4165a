import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRedisAddress } from '../../../../src/gateway/config/redis-address.ts'

const read: [string, Partial<ReturnType<typeof parseRedisAddress>>][] = [
  ['redis://cache', { kind: 'single', tls: false, nodes: [{ host: 'cache', port: 6379 }], database: 0 }],
  ['rediss://cache:7000/4', { tls: true, nodes: [{ host: 'cache', port: 7000 }], database: 4 }],
  ['redis://[::1]:7000', { nodes: [{ host: '::1', port: 7000 }] }],
  ['redis://gateway:p%40ss%3Aw@cache', { username: 'gateway', password: 'p@ss:w' }],
  ['redis://:only-a-password@cache', { username: undefined, password: 'only-a-password' }],
  ['redis://cache?prefix=staging', { prefix: '{staging}:' }],
  ['redis://cache', { prefix: '{modelops-gateway}:' }],
  [
    'redis+sentinel://:pw@s1,s2:26380/main/2?sentinelPassword=other',
    {
      ...{ kind: 'sentinel', master: 'main', database: 2, password: 'pw', sentinelPassword: 'other' },
      nodes: [
        { host: 's1', port: 26_379 },
        { host: 's2', port: 26_380 },
      ],
    },
  ],
  ['rediss+cluster://n1:7000,n2:7001', { kind: 'cluster', tls: true }],
]
for (const [text, expected] of read) {
  test(`reads ${text} for ${Object.keys(expected).join(', ')}`, () => {
    const address = parseRedisAddress(text)
    for (const [name, value] of Object.entries(expected)) assert.deepEqual(Reflect.get(address, name), value, name)
  })
}

const refused = [
  ['two hosts in a form with one host', 'redis://a,b'],
  ['sentinels without a master', 'redis+sentinel://a,b'],
  ['a database in a cluster', 'redis+cluster://a/2'],
  ['a database that is not a number', 'redis://a/main'],
  ['a port above 65535', 'redis://a:65536'],
  ['an unknown parameter', 'redis://a?tls=false'],
  ['a prefix with a brace', 'redis://a?prefix=%7Bx'],
  ['no host', 'redis://user:hunter2@'],
] as const
for (const [name, text] of refused) {
  test(`refuses ${name}, and does not show the address`, () => {
    assert.throws(
      () => parseRedisAddress(text),
      (error: Error) => error.message.includes('expected') && !error.message.includes('hunter2'),
    )
  })
}
