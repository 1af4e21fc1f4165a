import { parseTarget } from '../../../src/gateway/http/target.ts'
import { readBelowRoute } from '../../../src/gateway/routing/below-route.ts'
import { type FuzzTarget, must } from '../engine/target.ts'
import type { Reading } from '../oracles/oracle.ts'
import { namesProject } from '../parts/fold.ts'
import { ALPHA, BETA, HOST, routes } from '../parts/gateway.ts'
import { unlessRefused } from '../parts/refused.ts'

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
/** Names of the headers that name the project on a route of MLflow. */
const HEADERS = ['aoa-project-id', 'vmo-project-id', 'x-mlflow-workspace']

/** The first line is the path, the second the query, and each other a header: what passed the checks of the syntax. */
function read(input: Buffer) {
  const [path = '', query = '', ...fields] = input.toString('latin1').split('\n')
  const pairs = fields.flatMap((field) => {
    const colon = field.indexOf(':')
    return colon < 1 ? [] : [[field.slice(0, colon), field.slice(colon + 1).trim()] as const]
  })
  return unlessRefused(() => {
    const target = parseTarget(query === '' ? path : `${path}?${query}`)
    const route = routes.match(HOST, target.path)
    if (route === undefined) return undefined
    const rawHeaders = pairs.flat()
    const head = {
      method: 'GET',
      target: path,
      host: HOST,
      httpVersion: '1.1',
      headers: {},
      rawHeaders,
      peerAddress: '',
      clientAddress: '',
      requestId: '',
    }
    return { below: readBelowRoute(head, target, route), target, pairs, route }
  })
}

/** `URLSearchParams` drops a `?` at the beginning, which is part of a name here. */
const parametersOf = (query: string) => new URLSearchParams(`&${query}`)

/** Every project that a strict reader finds. */
function namesIn({ pairs, target, route }: NonNullable<ReturnType<typeof read>>): string[] {
  const headers = pairs.filter(([name, value]) => {
    const lower = name.toLowerCase()
    return route.profile.app === 'mlflow'
      ? HEADERS.includes(lower) && (lower !== 'x-mlflow-workspace' || value !== '')
      : HEADERS.slice(0, 2).includes(lower)
  })
  return [...headers.map(([, value]) => value), ...parametersOf(target.query).getAll('projectId')]
}

export const target: FuzzTarget = {
  seeds: [
    `/notes/a\nprojectId=${ALPHA}`,
    `/mlflow/${ALPHA}/api/2.0/x\na=b\nAOA-Project-ID: ${ALPHA}`,
    `/mlflow/alpha/x\n\nVMO-Project-ID: ${BETA}\nX-MLFLOW-WORKSPACE: ${ALPHA}`,
    `/notes/a\nprojectId=${ALPHA}&projectId=${BETA}&x=1`,
    '/notes/a\nProjectId=x&project_id=1&projectId[]=y&a;projectId=z\naoa_project_id: x',
    `/api/a\n%70rojectId=${ALPHA}\nAOA-Project-ID: ${ALPHA.toUpperCase()}`,
  ],
  dictionary: [
    'projectId',
    'projectId=',
    '&projectId=',
    'AOA-Project-ID: ',
    'VMO-Project-ID: ',
    'X-MLFLOW-WORKSPACE: ',
    ALPHA,
    BETA,
    '&',
    ';',
    '%26',
    '%3d',
    '%00',
    '[]',
    '+',
    '%EF%BD%90',
    '.',
    '_',
    '\n',
  ],
  invariants: [
    'a named project is a UUID in lower case, and every source of the request names it',
    'no parser of a query finds a project in what is forwarded, unless the request is denied as malformed',
    'everything else in the query stays byte for byte',
  ],
  check(input) {
    const found = read(input)
    if (found === undefined) return false
    const { below, target: parsed, route } = found
    const { named } = below
    const names = namesIn(found)
    if (named.kind === 'named') {
      must(UUID.test(named.id) && named.id === named.id.toLowerCase(), 'a named project is a UUID in lower case')
      for (const name of names) must(name.toLowerCase() === named.id, 'every source names the project', () => name)
    }
    if (named.kind === 'none') must(names.length === 0, 'a project that is there is read', () => names.join())
    must(route.profile.projectInPath || below.projectName === undefined, 'a name in the path counts where it may')
    const kept = parsed.query.split('&').filter((pair) => !parametersOf(pair).has('projectId'))
    must(
      below.app.query === kept.join('&'),
      'the rest of the query stays',
      () => `${below.app.query} for ${kept.join('&')}`,
    )
    return true
  },
  compare(input) {
    const found = read(input)
    if (found === undefined || found.below.named.kind === 'malformed') return []
    return [{ parser: 'query', bytes: found.below.app.query, differs }]
  },
}

function differs({ value, error }: Reading): string | undefined {
  if (error !== undefined) return `refused: ${error}`
  for (const [parser, names] of Object.entries(value as Record<string, string[]>)) {
    const project = names.find(namesProject)
    if (project !== undefined) return `${parser} finds a project: ${project}`
  }
  return undefined
}
