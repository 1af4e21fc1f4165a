import { ListedProjects } from '../../../../src/gateway/policy/listed-projects.ts'
import type { Access, Decision, Principal, Use } from '../../../../src/gateway/policy/types.ts'
import type { NamedProject } from '../../../../src/shared/project-id.ts'

export const ALPHA = '11111111-1111-4111-8111-111111111111'
export const BETA = '22222222-2222-4222-8222-222222222222'
const GONE = '99999999-9999-4999-8999-999999999999'

export const projects = new ListedProjects([
  { id: ALPHA, name: 'alpha', groups: ['project-alpha', 'alpha-leads'], viewerGroups: ['auditors'] },
  { id: BETA, name: 'beta', groups: ['project-beta'], viewerGroups: [] },
])
export const rules = { adminGroup: 'modelops-admins', serviceUsers: new Set(['ci-admin']) }

export const who = (...groups: string[]): Principal => ({
  issuer: 'https://sso.example',
  subject: 's',
  kind: 'person',
  username: 'u',
  groups: new Set(groups),
  projectIds: new Set(),
})
const machine = (clientId: string): Principal => ({ ...who(), kind: 'machine', clientId })
export const named = (id: string): NamedProject => ({ kind: 'named', id })
export const NONE: NamedProject = { kind: 'none' }

export type Row = [
  name: string,
  reason: Decision['reason'],
  access: Access,
  principal: Principal | undefined,
  named: NamedProject,
  selected?: string | undefined,
  use?: Use,
]
/** What `decide()` must say. Each reason that it can give has a row. */
export const decisionTable: Row[] = [
  ['denies an anonymous caller on a project route', 'login-required', 'project', undefined, named(ALPHA)],
  ['denies an anonymous caller on a login route', 'login-required', 'login', undefined, NONE],
  [
    'asks an anonymous caller to sign in before it says that a project is malformed',
    'login-required',
    'project',
    undefined,
    { kind: 'malformed' },
  ],
  ['allows anybody on a public route', 'public-route', 'public', undefined, NONE],
  [
    'denies an unavailable function even on a public route',
    'app-denied',
    'public',
    undefined,
    NONE,
    undefined,
    'denied',
  ],
  [
    'denies an unavailable function to an administrator',
    'app-denied',
    'project',
    who('modelops-admins'),
    named(ALPHA),
    undefined,
    'denied',
  ],
  ['allows a member of a project group', 'project-member', 'project', who('project-alpha'), named(ALPHA)],
  [
    'allows a member of the second project group',
    'project-member',
    'project',
    who('alpha-leads'),
    named(ALPHA),
    undefined,
    'write',
  ],
  ['denies a member of another project', 'not-in-project', 'project', who('project-beta'), named(ALPHA)],
  ['denies an unknown project for the same reason', 'not-in-project', 'project', who('project-alpha'), named(GONE)],
  [
    'denies an unknown project to an administrator too',
    'not-in-project',
    'project',
    who('modelops-admins'),
    named(GONE),
  ],
  [
    'allows an administrator in every project',
    'admin',
    'project',
    who('modelops-admins'),
    named(BETA),
    undefined,
    'write',
  ],
  ['compares the admin group exactly: case', 'not-in-project', 'project', who('Modelops-Admins'), named(ALPHA)],
  ['compares the admin group exactly: prefix', 'not-in-project', 'project', who('modelops-admins2'), named(ALPHA)],
  ['compares the admin group exactly: path', 'not-in-project', 'project', who('/modelops-admins'), named(ALPHA)],
  ['compares a project group exactly: nested', 'not-in-project', 'project', who('project-alpha/sub'), named(ALPHA)],
  ['does not read a comma in a group as two groups', 'not-in-project', 'project', who('x,project-alpha'), named(ALPHA)],
  ['allows the service user in every project', 'admin', 'project', machine('ci-admin'), named(BETA)],
  [
    'does not confuse a person with the service user of the same name',
    'not-in-project',
    'project',
    { ...who(), clientId: 'ci-admin' },
    named(BETA),
  ],
  ['denies another machine', 'not-in-project', 'project', machine('ci-other'), named(BETA)],
  ['allows a viewer to read', 'project-viewer', 'project', who('auditors'), named(ALPHA)],
  ['denies a write by a viewer', 'viewer-read-only', 'project', who('auditors'), named(ALPHA), undefined, 'write'],
  [
    'allows a viewer who is also a member to write',
    'project-member',
    'project',
    who('auditors', 'project-alpha'),
    named(ALPHA),
    undefined,
    'write',
  ],
  [
    'denies an administrative function to a member',
    'admin-only',
    'project',
    who('project-alpha'),
    named(ALPHA),
    undefined,
    'admin',
  ],
  ['denies a malformed project', 'project-malformed', 'project', who('project-alpha'), { kind: 'malformed' }],
  ['denies two projects', 'project-ambiguous', 'project', who('project-alpha'), { kind: 'ambiguous' }],
  [
    'uses the selected project where none is named',
    'project-member',
    'project',
    who('project-alpha', 'project-beta'),
    NONE,
    BETA,
  ],
  ['ignores a selected project after the membership was revoked', 'project-missing', 'project', who(), NONE, ALPHA],
  [
    'prefers the named project to the selected one',
    'not-in-project',
    'project',
    who('project-alpha'),
    named(BETA),
    ALPHA,
  ],
  ['uses the only project of the principal', 'project-member', 'project', who('project-alpha'), NONE],
  ['asks a member of two projects to choose', 'project-missing', 'project', who('project-alpha', 'project-beta'), NONE],
  ['asks an administrator to choose', 'project-missing', 'project', who('modelops-admins'), NONE],
  ['tells a member of no project that none is named', 'project-missing', 'project', who(), NONE],
  ['allows a member of any project on a member route', 'member', 'member', who('project-beta'), NONE],
  ['denies a member of no project on a member route', 'not-a-member', 'member', who('elsewhere'), NONE],
  ['allows an administrator on a member route', 'admin', 'member', who('modelops-admins'), NONE],
  [
    'narrows a member route to the selected project',
    'project-member',
    'member',
    who('project-alpha', 'project-beta'),
    NONE,
    ALPHA,
  ],
  ['checks a named project on a member route', 'not-in-project', 'member', who('project-alpha'), named(BETA)],
  [
    'denies a write by a viewer on a member route',
    'viewer-read-only',
    'member',
    who('auditors'),
    NONE,
    undefined,
    'write',
  ],
  ['allows a viewer to read on a member route', 'member', 'member', who('auditors'), NONE],
  ['allows everybody who is signed in on a login route', 'signed-in', 'login', who(), NONE],
  ['checks a named project on a login route', 'not-in-project', 'login', who(), named(ALPHA)],
  ['does not narrow a login route by the selection', 'signed-in', 'login', who('project-alpha'), NONE, ALPHA],
  ['denies a member on an admin route', 'admin-only', 'admin', who('project-alpha'), NONE],
  [
    'denies a member on an admin route before it checks the project',
    'admin-only',
    'admin',
    who('project-alpha'),
    { kind: 'malformed' },
  ],
  ['allows an administrator on an admin route', 'admin', 'admin', who('modelops-admins'), NONE],
]

/** Questions while no source has delivered any projects: only those that need projects are denied for it. */
export const withoutProjects: Row[] = [
  ['a named project', 'projects-down', 'project', who('project-alpha'), named(ALPHA)],
  ['a named project, asked for by an administrator', 'projects-down', 'project', who('modelops-admins'), named(ALPHA)],
  ['a named project on a login route', 'projects-down', 'login', who('project-alpha'), named(ALPHA)],
  ['a selected project', 'projects-down', 'project', who('project-alpha'), NONE, ALPHA],
  [
    'a selected project of an administrator on a member route',
    'projects-down',
    'member',
    who('modelops-admins'),
    NONE,
    ALPHA,
  ],
  ['a member route', 'projects-down', 'member', who('project-alpha'), NONE],
  ['a project route without a project', 'projects-down', 'project', who('project-alpha'), NONE],
  ['a member route for an administrator', 'admin', 'member', who('modelops-admins'), NONE],
  ['a login route', 'signed-in', 'login', who(), NONE, ALPHA],
  ['an admin route', 'admin', 'admin', who('modelops-admins'), NONE, ALPHA],
  ['a public route', 'public-route', 'public', undefined, named(ALPHA)],
  ['nobody', 'login-required', 'project', undefined, named(ALPHA)],
  ['a denied function', 'app-denied', 'project', who('project-alpha'), named(ALPHA), undefined, 'denied'],
  ['a malformed project', 'project-malformed', 'project', who('project-alpha'), { kind: 'malformed' }],
]
