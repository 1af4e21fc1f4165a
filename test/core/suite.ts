import { after, before, describe } from 'node:test'
import { type CoreUnderTest, type Signer, startCoreUnderTest, startSigner } from './kit.ts'
import { connectionCases } from './suite/connections.ts'
import { credentialBindingCases } from './suite/credential-binding.ts'
import { defaultConnectionCases } from './suite/default-connection.ts'
import { membershipCases } from './suite/memberships.ts'
import { namedProjectCases } from './suite/named-project.ts'
import { projectCases } from './suite/projects.ts'
import { secretCases } from './suite/secrets.ts'
import { sqlCases } from './suite/sql.ts'
import { suiteOf } from './suite/suite.ts'

/** Everything that must hold on both databases. @param storageUrl gives the URL of an empty database */
export function coreApiSuite(database: string, storageUrl: () => Promise<string>): void {
  describe(`the core API on ${database}`, () => {
    let signer: Signer
    let core: CoreUnderTest
    before(async () => {
      signer = await startSigner()
      core = await startCoreUnderTest(signer, await storageUrl())
    })
    after(async () => {
      await core.close()
      await signer.close()
    })

    const suite = suiteOf(() => core)
    projectCases(suite)
    namedProjectCases(suite)
    connectionCases(suite)
    credentialBindingCases(suite)
    defaultConnectionCases(suite)
    secretCases(suite)
    sqlCases(suite)
    membershipCases(suite)
  })
}
