import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takeProjectQuery } from '../../../../src/gateway/policy/project-query.ts'

const A = '11111111-1111-4111-8111-111111111111'
const B = '22222222-2222-4222-8222-22222222222a'

const queries: [string, string, string[], string, boolean][] = [
  ['a query without a project is untouched', 'a=1&b=%20', [], 'a=1&b=%20', false],
  ['the project leaves the query', `a=1&projectId=${A}&b=2`, [A], 'a=1&b=2', false],
  ['every copy leaves the query', `projectId=${A}&projectId=${B}`, [A, B], '', false],
  ['an escaped name is the same name', `%70rojectId=${A}`, [A], '', false],
  ['an escaped value is decoded', `projectId=${A.replace('1', '%31')}`, [A], '', false],
  ['another case is a lookalike', `ProjectId=${A}`, [], `ProjectId=${A}`, true],
  ['a dot at the end is a lookalike', `projectId.=${A}`, [], `projectId.=${A}`, true],
  ['an escaped dot is a lookalike', `projectId%2e=${A}`, [], `projectId%2e=${A}`, true],
  ['a dot after the first letter is a lookalike', `p.rojectId=${A}`, [], `p.rojectId=${A}`, true],
  ['a broken escape within is a lookalike', `pr%ojectId=${A}`, [], `pr%ojectId=${A}`, true],
  ['a broken escape hides no other one', `%70rojectId%=${A}`, [], `%70rojectId%=${A}`, true],
  ['a byte that is no UTF-8 is a lookalike', `projectId%ff=${A}`, [], `projectId%ff=${A}`, true],
  ['letters of an escape that is no UTF-8 are a lookalike', `proj%ectId=${A}`, [], `proj%ectId=${A}`, true],
  ['such letters beside another escape', `proj%ecti%0ad=${A}`, [], `proj%ecti%0ad=${A}`, true],
  ['such letters beside a letter of full width', `proj%ecti%ec%ef%bd%84=${A}`, [], `proj%ecti%ec%ef%bd%84=${A}`, false],
  ['nor do such letters in a run of escapes', `pro%6a%ec%74Id=${A}`, [], `pro%6a%ec%74Id=${A}`, true],
  ['nor behind a character of two bytes', `pro%c2%a0ject%49%ec=${A}`, [], `pro%c2%a0ject%49%ec=${A}`, false],
  [
    'a space of two bytes and such letters are a lookalike',
    `pro%c2%a0j%ect%49d=${A}`,
    [],
    `pro%c2%a0j%ect%49d=${A}`,
    true,
  ],
  ['an escaped letter before such a byte is a lookalike', `projec%74Id%ff=${A}`, [], `projec%74Id%ff=${A}`, true],
  ['such a byte within is a lookalike', `pro%aajectId=${A}`, [], `pro%aajectId=${A}`, true],
  ['letters of full width are a lookalike', `%EF%BD%90rojectId=${A}`, [], `%EF%BD%90rojectId=${A}`, true],
  ['a name that only contains it is none', `myprojectId2=${A}`, [], `myprojectId2=${A}`, false],
  ['brackets are a lookalike', `projectId[]=${A}`, [], `projectId[]=${A}`, true],
  ['escaped brackets are a lookalike', `projectId%5B0%5D=${A}`, [], `projectId%5B0%5D=${A}`, true],
  ['a line end in brackets hides no lookalike', 'projectId[%0A]=7', [], 'projectId[%0A]=7', true],
  ['a NUL within is a lookalike', 'projec%00tId=7', [], 'projec%00tId=7', true],
  ['a field of an object is none', 'project[id]=7', [], 'project[id]=7', false],
  ['a NUL ends no name unseen', 'projectId%00x=7', [], 'projectId%00x=7', true],
  ['a pair behind a semicolon is a lookalike', `a=1;projectId=${A}`, [], `a=1;projectId=${A}`, true],
  ['a name in front of a semicolon is a lookalike', 'projectId;x=1', [], 'projectId;x=1', true],
  ['a semicolon alone is not', 'a=1;b=2&project_id=3;c', [], 'a=1;b=2&project_id=3;c', false],
  ['a longer name is another one', 'projectIdentity=7', [], 'projectIdentity=7', false],
  ['a broken escape stays as it is', 'x=%zz&project=1', [], 'x=%zz&project=1', false],
  ['a name without a value is the project, with an empty one', 'projectId', [''], '', false],
  ['a longer name without a value is not', 'projectIdx', [], 'projectIdx', false],
  ['an empty name has no project', '=projectId', [], '=projectId', false],
  ['a value with a broken escape stays as it is', 'projectId=%zz&a=1', ['%zz'], 'a=1', false],
  ['a name with a broken escape stays as it is', '%zz=projectId', [], '%zz=projectId', false],
  ['a plus sign is a space', 'projectId=a+b', ['a b'], '', false],
  ['a space within the name is a lookalike', 'project+Id=7', [], 'project+Id=7', true],
  ['an underscore is a name of applications', 'project_id=7', [], 'project_id=7', false],
  ['so it is behind a semicolon', 'a=pro;project_id=3', [], 'a=pro;project_id=3', false],
  ['in another case it is a lookalike', 'Project_Id=7', [], 'Project_Id=7', true],
  ['a name that ends at a semicolon is a lookalike', 'projectId;a=1', [], 'projectId;a=1', true],
  ['one of three pairs between semicolons is a lookalike', 'a=1;PROJECTID=7;b=2', [], 'a=1;PROJECTID=7;b=2', true],
  ['nothing of an empty query', '', [], '', false],
  ['an empty name is passed', `=1&projectId=${A}&&`, [A], '=1&&', false],
]
for (const [name, query, values, rest, lookalike] of queries) {
  test(name, () => assert.deepEqual(takeProjectQuery(query), { values, rest, lookalike }))
}
