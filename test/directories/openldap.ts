import { ldifLine } from '../../infra/parts/ldap-client.ts'
import { startSlapd } from '../../infra/parts/slapd.ts'
import { makeCertificate } from '../certificate.ts'
import { type DirectoryUnderTest, MANY_GROUPS, USERS } from './people.ts'

const PEOPLE = 'ou=people,dc=corp,dc=test'
const GROUPS = 'ou=groups,dc=corp,dc=test'

const personDn = (username: string) => `uid=${username},${PEOPLE}`
const groupDn = (name: string) => `cn=${name},${GROUPS}`

const person = (username: string) => `dn: ${personDn(username)}
objectClass: inetOrgPerson
uid: ${username}
cn: ${username}
sn: Example
givenName: ${username}
mail: ${username}@corp.test
userPassword: ${username}-pw
`

const group = (name: string, members: readonly string[]) => `${ldifLine('dn', groupDn(name))}
objectClass: groupOfNames
${ldifLine('cn', name)}
${['nobody', ...members].map((username) => `member: ${personDn(username)}`).join('\n')}
`

const ENTRIES = [
  'dn: dc=corp,dc=test\nobjectClass: domain\ndc: corp\n',
  `dn: ${PEOPLE}\nobjectClass: organizationalUnit\nou: people\n`,
  `dn: ${GROUPS}\nobjectClass: organizationalUnit\nou: groups\n`,
  'dn: ou=policies,dc=corp,dc=test\nobjectClass: organizationalUnit\nou: policies\n',
  'dn: cn=default,ou=policies,dc=corp,dc=test\nobjectClass: device\nobjectClass: pwdPolicy\ncn: default\npwdAttribute: userPassword\npwdLockout: TRUE\n',
  ...USERS.map(person),
  group('project-alpha', ['bob', 'dave', 'erin', 'grace']),
  group('Küche & Süd/Nord', ['kate']),
  group('teams/alpha', ['mallory']),
  ...MANY_GROUPS.map((name) => group(name, ['grace'])),
]

/** OpenLDAP with the people of these tests. */
export async function startOpenLdap(): Promise<DirectoryUnderTest> {
  const directory = await startSlapd({ certificate: makeCertificate('127.0.0.1'), entries: ENTRIES.join('\n') })
  return {
    ...directory,
    oddGroup: 'Küche & Süd~/Nord',
    groupOfMallory: 'teams~/alpha',
    setMember: (name, username, isMember) =>
      directory.change(
        `${ldifLine('dn', groupDn(name))}\nchangetype: modify\n${isMember ? 'add' : 'delete'}: member\nmember: ${personDn(username)}\n`,
      ),
    // A lock without end, as an administrator sets it (draft-behera-ldap-password-policy, 5.3.3).
    disable: (username) =>
      directory.change(
        `dn: ${personDn(username)}\nchangetype: modify\nreplace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z\n`,
      ),
  }
}
