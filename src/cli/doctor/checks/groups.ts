import { routeUrl } from '../../../gateway/config/route-url.ts'
import { REASONS, Refusal } from '../../../gateway/errors.ts'
import { claimAt } from '../../../gateway/issuer/claims.ts'
import { isAdmin } from '../../../gateway/policy/roles.ts'
import type { Principal, ProjectRole } from '../../../gateway/policy/types.ts'
import { currentProjectsOf } from '../../../gateway/projects/current-projects-of.ts'
import type { Claims } from '../../../shared/tokens/claims.ts'
import { CliError } from '../../cli-error.ts'
import { explainRequest, openProjectsAlone } from '../../explain.ts'
import type { Check } from '../check.ts'
import { type Finding, failed, ok, skipped, warning } from '../finding.ts'
import { claimsIn, type RealToken, realToken, verified } from '../token.ts'
import type { World } from '../world.ts'
import { tokenClockFinding } from './clock.ts'

export const groupsCheck: Check = {
  id: 'groups',
  title: 'Groups in a token',
  needs: ['discovery'],
  waitsForPerson: ({ token }) => token.login,
  async run(world) {
    const needsIssuer = world.token.login || world.token.file !== undefined
    if (needsIssuer && world.metadata === undefined)
      return [skipped('groups in a token: not checked, because the issuer’s metadata is not available')]
    try {
      const token = await realToken(world)
      if (token === undefined)
        return [skipped('groups in a real token: not checked; use --login, or --token-file with the token of a user')]
      return [...clockFindings(world, token), ...(await tokenFindings(world, token.accessToken, token.idClaims))]
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      return [
        failed(error.message, 'No token could be had.', 'Use --token-file with the access token of a user instead.'),
      ]
    }
  },
}

/** A person may take minutes to sign in: the token is compared with the time at which it arrived. */
function clockFindings({ config, token, clock }: World, { accessToken, idClaims }: RealToken): Finding[] {
  const { iat } = claimsIn(accessToken) ?? idClaims ?? {}
  return tokenClockFinding(iat, token.login, clock(), config.issuer.clockSkewSeconds)
}

async function tokenFindings(world: World, accessToken: string, idClaims: Claims | undefined): Promise<Finding[]> {
  const claims = claimsIn(accessToken)
  const findings: Finding[] = [
    ...(claims === undefined ? [] : [claimFinding(world, claims, 'the access token')]),
    ...(idClaims === undefined ? [] : [claimFinding(world, idClaims, 'the ID token')]),
  ]
  try {
    const principal = await verified(world, accessToken)
    return [
      ok(`the gateway accepts the access token of ${principal.username}`),
      ...findings,
      ...(await access(world, principal)),
    ]
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const cause = 'The token expired, or it was issued for another audience or by another issuer.'
    return [failed(`the gateway does not accept the access token: ${error.message}`, cause, error.explain), ...findings]
  }
}

/** Claim names are shown, values are not: they may be personal. */
function claimFinding({ config }: World, claims: Claims, which: string): Finding {
  const { groupsClaim, groups, clientId } = config.issuer
  const claim = groups.claim ?? groupsClaim
  if (claimAt(claims, claim) !== undefined) return ok(`${which} has the claim \`${claim}\``)
  const text = `${which} has no claim \`${claim}\`; claims present: ${Object.keys(claims).sort().join(', ')}`
  const cause = `The issuer has no rule (in Keycloak: a group membership mapper) that adds the groups to tokens of this client, or the user is in no group.`
  const fix = `Add the groups to ID tokens and access tokens of ${clientId}. If they are in another claim, set issuer.groups.claim.`
  return failed(text, cause, fix)
}

/** Which projects and roles the person has, and what the gateway would say at each route. */
async function access({ config }: World, principal: Principal): Promise<Finding[]> {
  const { adminGroup, serviceUsers } = config.access
  const rules = { adminGroup, serviceUsers: new Set(serviceUsers) }
  const { source, firstLoad, close } = openProjectsAlone(config)
  let projects: readonly ProjectRole[]
  try {
    await firstLoad
    projects = currentProjectsOf({ projects: source, rules }, principal)
  } finally {
    close()
  }
  const first = projects[0]?.project.id
  const routes = config.routes.map(async (route) => {
    const project = route.access === 'project' ? first : undefined
    const asked = {
      method: 'GET',
      url: `${routeUrl(config.server, route)}/`,
      ...(project === undefined ? {} : { project }),
    }
    const { allowed, reason } = await explainRequest(config, principal, asked)
    const text = `route ${route.name}: ${allowed ? 'allowed' : 'denied'} (${reason})`
    return allowed ? ok(text) : skipped(`${text}: ${REASONS[reason as keyof typeof REASONS]?.text ?? ''}`)
  })
  return [projectsFinding(principal, projects, isAdmin(principal, rules)), ...(await Promise.all(routes))]
}

const SHOWN = 10

function projectsFinding({ username, groups }: Principal, projects: readonly ProjectRole[], admin: boolean): Finding {
  const own = listed([...groups])
  if (projects.length > 0 || admin) {
    const roles = listed(projects.map(({ project, role }) => `${project.name} (${role})`))
    return ok(`${username} is ${admin ? 'an administrator; projects' : 'a member of'}: ${roles}; groups: ${own}`)
  }
  const cause = 'No group of the token is one of a project. Names must be equal, including case and a leading slash.'
  const fix =
    'Compare the groups with `groups` and `viewerGroups` of the projects. For Keycloak paths set issuer.groups.normalize: keycloak-path.'
  return warning(`${username} is not a member of any project; groups: ${own}`, cause, fix)
}

function listed(values: readonly string[]): string {
  if (values.length === 0) return 'none'
  const more = values.length > SHOWN ? ` and ${values.length - SHOWN} more` : ''
  return values.slice(0, SHOWN).join(', ') + more
}
