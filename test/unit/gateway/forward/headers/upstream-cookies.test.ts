import assert from 'node:assert/strict'
import { test } from 'node:test'
import { upstreamCookies } from '../../../../../src/gateway/forward/headers/upstream-cookies.ts'

const BASE = 'modelops_gateway'
const LIST = ['session', 'csrftoken']

const rows: [name: string, header: string, allowed: 'none' | 'all' | readonly string[], kept: string | undefined][] = [
  ['an application without cookies gets none', 'a=1', 'none', undefined],
  ['every other cookie passes', 'a=1; b="x y"; c', 'all', 'a=1; b="x y"; c'],
  ['the session cookie does not pass', `a=1; __Host-${BASE}=x`, 'all', 'a=1'],
  [
    'neither does it in another case or with another prefix',
    `${BASE.toUpperCase()}_x=1; __Secure-${BASE}=2`,
    'all',
    undefined,
  ],
  ['a cookie without a name does not pass', '=a; ;b=1', 'all', 'b=1'],
  [
    'a value that contains the session cookie for a parser that splits at spaces does not pass',
    `a=a __Host-${BASE}=x; b=1`,
    'all',
    'b=1',
  ],
  ['the same with a space before the equals sign', `a=a ${BASE} =x; b=1`, 'all', 'b=1'],
  ['the same behind a comma', `a=a,${BASE}=x; b=1`, 'all', 'b=1'],
  ['a value that only mentions it passes', `a=${BASE}; b=x=${BASE}`, 'all', `a=${BASE}; b=x=${BASE}`],
  ['with a list, no other name passes', 'session=1; other=2; csrftoken=3', LIST, 'session=1; csrftoken=3'],
  [
    'with a list, neither does a name that ends in a space and a no-break space',
    'session \xa0=1; csrftoken \t=2',
    LIST,
    'csrftoken \t=2',
  ],
  ['with a list, a name without a value passes', 'session; other', LIST, 'session'],
  ['with a list, a no-break space is part of a name', 'session\xa0=1; csrftoken =2', LIST, 'csrftoken =2'],
  ['with a list, a name is compared exactly', 'Session=1; session2=2; xsession=3', LIST, undefined],
  [
    'with a list, a value that hides another cookie behind a space does not pass',
    'session=a other=2; csrftoken=3',
    LIST,
    'csrftoken=3',
  ],
  ['with a list, neither does one behind a comma or a tab', 'session=a,other=2; csrftoken=\tother=3', LIST, undefined],
  ['with a list, a value with padding passes', 'session=YWJj==', LIST, 'session=YWJj=='],
]
for (const [name, header, allowed, kept] of rows)
  test(name, () => assert.equal(upstreamCookies(header, BASE, allowed), kept))
