import { type Case, fail, pass, type Verdict } from '../case.ts'
import { hasReason, ofResponse, refused, shown } from '../judges.ts'
import type { Received } from '../wire/send.ts'
import { type Account, anyOf, type World, withoutAccount } from '../world.ts'
import { each, type Variants } from './each.ts'

const section = 'projects' as const
const ONE_PROJECT =
  'Let the gateway alone read the project. No proxy in front may remove, merge or choose between headers and parameters that name it.'
const MEMBERSHIP = 'Compare groups and projects of the account: `modelops-gateway explain` shows why it was admitted.'

const withoutProject = ({ first, found }: World): string | undefined => {
  if (first?.project === undefined) return 'needs the project of the test account: --project'
  return found.projectPath === undefined ? 'no path that needs a project is known: name one with --path' : undefined
}

const needsProject = anyOf(withoutAccount, withoutProject)

/** Random, so that it is a project of nobody. */
const NOBODYS = '5e1f7e57-0000-4000-8000-5e1f7e570000'

/** The other account's project, or else one that does not exist. */
const foreignOf = ({ second }: World) => second?.project ?? NOBODYS

interface Named {
  readonly own: string
  readonly foreign: string
}

type Build = (named: Named) => readonly { readonly lines?: readonly string[]; readonly query?: string }[]

/** Requests of the first account that name its own project and another one, in ways that servers read differently. */
const conflicting = (
  id: string,
  title: string,
  sent: string,
  build: Build,
  source = 'ASVS 5.0 8.2.2, CWE-639',
): Case => ({
  ...{ id: `projects-${id}`, section, title, source, fix: ONE_PROJECT },
  sent: `GET with the test account: ${sent}`,
  demanded: 'a denial (4xx)',
  missing: needsProject,
  run: (world) => each(world, variantsOf(world, build), refused),
})

function variantsOf(world: World, build: Build): Variants {
  const { line, project } = world.first as Account
  return build({ own: project ?? '', foreign: foreignOf(world) }).map(({ lines = [], query }) => {
    const names = [...lines.map((each) => each.split(':', 1)[0]), ...(query === undefined ? [] : ['query'])]
    const target = `${world.found.projectPath}${query === undefined ? '' : `?${query}`}`
    return [names.join(' and '), { target, lines: [line, ...lines] }] as const
  })
}

const header = (project: string, name = 'AOA-Project-ID') => `${name}: ${project}`

/** Admitted, as far as the gateway is concerned: the application may say that it has nothing at this path. */
const admitted = (received: Received): Verdict =>
  ofResponse(received, (response) =>
    response.status < 400 || (response.status !== 401 && !hasReason(response))
      ? pass(shown(response))
      : fail(`the account has no access to its own project: ${shown(response)}`),
  )

const withoutSecond = ({ second }: World): string | undefined =>
  second?.project === undefined
    ? 'needs a second account and its project: --second-token-file, --second-project'
    : undefined

async function asSecond(world: World, project: string): Promise<Received> {
  const { line } = world.second as Account
  return world.ask({ target: world.found.projectPath ?? '/', lines: [line, header(project)] })
}

export const projectCases: readonly Case[] = [
  {
    ...{ id: 'projects-own', section, title: 'The test account can use its own project', fix: MEMBERSHIP },
    sent: 'GET with the test account and its project in AOA-Project-ID',
    demanded: 'no denial of the gateway: the other cases would prove nothing',
    ...{ source: 'control of this section', missing: needsProject },
    run: (world) =>
      each(
        world,
        variantsOf(world, ({ own }) => [{ lines: [header(own)] }]),
        admitted,
      ),
  },
  conflicting(
    'header-and-query',
    'Two projects, one in the header and one in the query, are denied',
    'its own project in the header and another one in ?projectId=, and the other way round',
    ({ own, foreign }) => [
      { lines: [header(own)], query: `projectId=${foreign}` },
      { lines: [header(foreign)], query: `projectId=${own}` },
    ],
  ),
  conflicting(
    'two-headers',
    'Two project headers are denied',
    'AOA-Project-ID twice, with its own and another project, in both orders',
    ({ own, foreign }) => [{ lines: [header(own), header(foreign)] }, { lines: [header(foreign), header(own)] }],
    'RFC 9110 §5.3, CWE-639',
  ),
  conflicting(
    'list',
    'A list of projects in one header is denied',
    'two projects in one AOA-Project-ID',
    ({ own, foreign }) => [{ lines: [header(`${own}, ${foreign}`)] }, { lines: [header(`${own},${own}`)] }],
    'RFC 9110 §5.6.1, CWE-639',
  ),
  conflicting(
    'two-parameters',
    'Two project parameters are denied',
    '?projectId= twice, also with an encoded letter in its name',
    ({ own, foreign }) => [
      { query: `projectId=${own}&projectId=${foreign}` },
      { query: `projectId=${own}&%70rojectId=${foreign}` },
    ],
    'CWE-235',
  ),
  conflicting(
    'malformed',
    'A project that is no UUID is denied',
    'project names, wildcards and paths in the place of the UUID',
    ({ own }) => [
      { lines: [header('*')] },
      { lines: [header('selftest')] },
      { lines: [header(`${own}/../${NOBODYS}`)] },
      { lines: [header(`{${own}}`)] },
      { query: `projectId=${own}%00` },
    ],
    'ASVS 5.0 2.2.1, CWE-20',
  ),
  {
    ...conflicting(
      'foreign',
      'The account cannot use another project',
      'another project in the header, or in the query',
      ({ foreign }) => [{ lines: [header(foreign)] }, { query: `projectId=${foreign}` }],
    ),
    fix: MEMBERSHIP,
  },
  {
    ...{ id: 'projects-second-account', section, title: 'The second account cannot use the project of the first' },
    sent: 'GET with the second account and the project of the first in AOA-Project-ID',
    demanded: 'a denial (4xx), after the second account could use its own project',
    ...{ source: 'ASVS 5.0 8.2.2, CWE-639', fix: MEMBERSHIP },
    missing: anyOf(needsProject, withoutSecond),
    async run(world) {
      const own = admitted(await asSecond(world, world.second?.project ?? ''))
      if (own.status !== 'pass') return own
      return refused(await asSecond(world, world.first?.project ?? ''))
    },
  },
]
