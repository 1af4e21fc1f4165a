import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameProject, parseProjectId } from '../../../src/shared/project-id.ts'

const A = '11111111-1111-4111-8111-111111111111'
const B = '22222222-2222-4222-8222-22222222222a'

const names: [string, string[], ReturnType<typeof nameProject>][] = [
  ['no source names no project', [], { kind: 'none' }],
  ['one source names it', [A], { kind: 'named', id: A }],
  ['upper case is lowered', [B.toUpperCase()], { kind: 'named', id: B }],
  ['two sources that agree are one name', [A, A], { kind: 'named', id: A }],
  ['two spellings of the same project agree', [B, B.toUpperCase()], { kind: 'named', id: B }],
  ['two projects are ambiguous', [A, B], { kind: 'ambiguous' }],
  ['a comma-joined value is malformed', [`${A}, ${A}`], { kind: 'malformed' }],
  ['an empty value is malformed', [''], { kind: 'malformed' }],
  ['something in front is malformed', [`0${A}`], { kind: 'malformed' }],
  ['something behind is malformed', [`${A}0`], { kind: 'malformed' }],
  ['another letter is malformed', [A.replace('1', 'g')], { kind: 'malformed' }],
  ['braces are malformed', [`{${A}}`], { kind: 'malformed' }],
  ['a trailing space is malformed', [`${A} `], { kind: 'malformed' }],
  ['a trailing newline is malformed', [`${A}\n`], { kind: 'malformed' }],
  ['no dashes is malformed', [A.replaceAll('-', '')], { kind: 'malformed' }],
  ['a good one beside a bad one is malformed', [A, 'default'], { kind: 'malformed' }],
]
for (const [name, values, expected] of names) test(name, () => assert.deepEqual(nameProject(values), expected))

test('a project ID has one spelling, in lower case', () => {
  assert.equal(parseProjectId(B.toUpperCase()), B)
  assert.equal(parseProjectId(B), B)
})
