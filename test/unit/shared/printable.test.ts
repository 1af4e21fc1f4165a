import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printable } from '../../../src/shared/printable.ts'

test('names of all languages stay as they are', () => {
  for (const name of ['Zoë Ñandú', 'مها', 'שרה', '李小龙', 'a\u0301', '👍🏽', '👩‍💻', 'نمی\u200cدانم', ''])
    assert.equal(printable(name), name)
})

test('whatever moves, hides or reorders text is replaced, character by character', () => {
  for (const character of '\0\t\n\r\u001b\u007f\u0085\u009b\u061c\u200b\u200e\u2028\u202e\u2066\u2069\ufeff\u{e0041}')
    assert.equal(printable(`a${character}b`), 'a\ufffdb', character.codePointAt(0)?.toString(16))
})
