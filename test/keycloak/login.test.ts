import { loginSuite } from '../login-suite.ts'
import { KeycloakAdmin } from './admin.ts'
import { startRealm } from './realm.ts'

loginSuite(async (gatewayUrl) => {
  const keycloak = await startRealm({ gatewayUrl })
  const admin = new KeycloakAdmin(keycloak)
  await admin.signIn()
  return {
    url: keycloak.url,
    addToGroup: (username, group) => admin.addToGroup(username, group),
    async addUserInGroups(username, groups) {
      await admin.signIn() // the administrator's token lives for a minute
      const many = Array.from({ length: groups }, (_, i) => `department-with-a-rather-long-name-number-${i}`)
      await admin.addUser(username, many, ['project-alpha'])
    },
    async disable(username) {
      await admin.signIn()
      await admin.disable(username)
    },
    close: () => keycloak.close(),
  }
})
