import { startIssuer } from '../../infra/issuer/issuer.ts'
import { loginSuite } from '../login-suite.ts'

loginSuite(async (gatewayUrl) => {
  const issuer = await startIssuer({ host: 'localhost', gatewayUrls: [gatewayUrl] })
  const { directory } = issuer
  return {
    url: issuer.url,
    async addToGroup(username, group) {
      const known = directory.all().find((each) => each.username === username)
      directory.change(username, { groups: [...(known?.groups ?? []), group] })
    },
    async addUserInGroups(username, groups) {
      const many = Array.from({ length: groups }, (_, i) => `department-with-a-rather-long-name-number-${i}`)
      const subject = '5a4e0000-0000-4000-8000-000000000300'
      directory.add({ username, subject, name: 'Grace Example', groups: ['project-alpha', ...many], enabled: true })
    },
    disable: async (username) => directory.change(username, { enabled: false }),
    close: () => issuer.close(),
  }
})
