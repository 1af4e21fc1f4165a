import { randomInt } from 'node:crypto'
import { ldifLine } from '../../infra/parts/ldap-client.ts'
import { startSamba, unicodePassword } from '../../infra/parts/samba.ts'
import { makeCertificate } from '../certificate.ts'
import { type DirectoryUnderTest, MANY_GROUPS, USERS } from './people.ts'

const PEOPLE = 'OU=People,DC=corp,DC=test'
const GROUPS = 'OU=Groups,DC=corp,DC=test'

const OTHER_UNIT = `OU=Other,${GROUPS}`
const KITCHEN = 'Küche & Süd Nord'

const personDn = (username: string) => `CN=${username},${PEOPLE}`
const groupDn = (name: string) => `CN=${name},${GROUPS}`

const person = (username: string) => `dn: ${personDn(username)}
changetype: add
objectClass: user
sAMAccountName: ${username}
givenName: ${username}
sn: Example
mail: ${username}@corp.test
userAccountControl: 512
${unicodePassword(`${username}-pw`)}
`

const group = (name: string, members: readonly string[], dn = groupDn(name)) => `${ldifLine('dn', dn)}
changetype: add
objectClass: group
${ldifLine('sAMAccountName', name)}
${members.map((dn) => `member: ${dn}\n`).join('')}`

const organizationalUnit = (dn: string) => `dn: ${dn}\nchangetype: add\nobjectClass: organizationalUnit\n`

/** The passwords of these tests are short. */
const POLICY = `dn: DC=corp,DC=test
changetype: modify
replace: pwdProperties
pwdProperties: 0
-
replace: minPwdLength
minPwdLength: 0
`

const ENTRIES = [
  POLICY,
  organizationalUnit(PEOPLE),
  organizationalUnit(GROUPS),
  ...USERS.map(person),
  // Nested: grace is in the team, the team is in the department, and the department is in the project's group.
  group('team', [personDn('grace')]),
  group('department', [groupDn('team')]),
  group('project-alpha', [...['bob', 'dave', 'erin'].map(personDn), groupDn('department')]),
  // The name of the object contains a slash. Active Directory refuses one in sAMAccountName, which is the name of the group.
  group(KITCHEN, [personDn('kate')], groupDn('Küche & Süd/Nord')),
  // Another unit has an object with the name of the project's group: mallory may create groups there, and nowhere else.
  organizationalUnit(OTHER_UNIT),
  group('not-the-project', [personDn('mallory')], `CN=project-alpha,${OTHER_UNIT}`),
  ...MANY_GROUPS.map((name) => group(name, [personDn('grace')])),
]

/** A Samba Active Directory with the people of these tests. */
export async function startActiveDirectory(): Promise<DirectoryUnderTest> {
  const address = `127.${randomInt(1, 255)}.${randomInt(255)}.${randomInt(1, 255)}`
  const directory = await startSamba({ address, certificate: makeCertificate(address) })
  await directory.change(ENTRIES.join('\n'))
  const modify = (dn: string, lines: string) =>
    directory.change(`${ldifLine('dn', dn)}\nchangetype: modify\n${lines}\n`)
  return {
    ...directory,
    oddGroup: KITCHEN,
    groupOfMallory: 'not-the-project',
    setMember: (name, username, isMember) =>
      modify(groupDn(name), `${isMember ? 'add' : 'delete'}: member\nmember: ${personDn(username)}`),
    // NORMAL_ACCOUNT and ACCOUNTDISABLE ([MS-ADTS] 2.2.16)
    disable: (username) => modify(personDn(username), 'replace: userAccountControl\nuserAccountControl: 514'),
  }
}
