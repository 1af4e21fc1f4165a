import { configError, loadConfig } from '../../gateway/config/load.ts'
import { loadProjectsFile } from '../../gateway/projects/file.ts'
import { ConfigurationError } from '../../shared/settings/field-errors.ts'
import { onlineErrors } from '../check/online.ts'
import type { IssuerFacts } from './discover.ts'
import type { Written } from './write-configuration.ts'

/** Runs `check --online` and prints what is still open. Resolves to whether nothing is. */
export async function reportOpenItems({ config, realm }: Written, { exists }: IssuerFacts): Promise<boolean> {
  const { report, isIssuerReady } = await checkOnline(config, exists)
  const serve = `modelops-gateway serve --config ${config}`
  if (isIssuerReady && report === '') {
    console.log(`\nThe configuration is valid, and everything it names is reachable. Start the gateway:\n  ${serve}`)
    return true
  }
  console.log('\nStill open:')
  if (realm !== undefined && !isIssuerReady) console.log(importSteps(realm, exists))
  if (report !== '') console.log(`\n${report}`)
  console.log(`\nThen run:\n  modelops-gateway check --config ${config} --online\n  ${serve}`)
  return false
}

interface Outcome {
  /** Empty: no errors. */
  readonly report: string
  readonly isIssuerReady: boolean
}

async function checkOnline(file: string, issuerExists: boolean): Promise<Outcome> {
  try {
    const config = loadConfig(file, process.env)
    if (config.projects.source === 'file') loadProjectsFile(config.projects.path)
    const errors = await onlineErrors(config)
    const aboutIssuer = errors.filter(({ path }) => path.startsWith('issuer.') || path === 'server.publicUrl')
    // A realm that does not exist yet has its own instruction.
    const open = issuerExists ? errors : errors.filter((error) => !aboutIssuer.includes(error))
    const report = open.length > 0 ? configError(file, open).report() : ''
    return { report, isIssuerReady: aboutIssuer.length === 0 }
  } catch (error) {
    if (error instanceof ConfigurationError) return { report: error.report(), isIssuerReady: issuerExists }
    throw error
  }
}

function importSteps(realm: string, exists: boolean): string {
  const how = exists
    ? `Import ${realm} into the realm with Realm settings, Action, Partial import in Keycloak's administration.`
    : `The realm does not exist. Import it:\n  kcadm.sh create realms -f ${realm}`
  return `${how}\nThe file contains the client secret: delete it afterwards.`
}
