import { randomUUID } from 'node:crypto'
import * as z from 'zod'
import { projectAccess } from '../auth/principal.ts'
import { uuidText } from '../operation/field-types.ts'
import { halPage, linkBase, listingOf, listQuery, projectionQuery } from '../operation/hal.ts'
import { operation } from '../operation/operation.ts'
import { Problem } from '../operation/problems.ts'
import { checkUnchanged, isUnchanged, tagOf } from '../operation/revisions.ts'
import type { Context, Operation, Reply } from '../operation/spec.ts'
import type { ProjectFields, ProjectFilter, ProjectRecord } from '../store/projects.ts'
import { changedProject, newProject, projectPage, projectView, viewProject } from './project-schemas.ts'
import { rejectTakenName } from './taken-name.ts'

/**
 * Projects. A list contains all projects of the principal, also when the request names one, because users choose a project
 * from it. Only administrators change projects, because a project's groups decide who can access it.
 */
type SignedInContext = Context<'signed-in', unknown, unknown>
type ProjectReply = Reply<z.input<typeof projectView>>

const list = operation({
  method: 'get',
  path: '/api/projects',
  id: 'listProjects',
  summary: 'The projects that the caller is a member of; all projects for administrators.',
  scope: 'signed-in',
  query: listQuery,
  status: 200,
  response: projectPage,
  handle: (context) => page(context, context.query, {}),
})

const findByName = operation({
  method: 'get',
  path: '/api/projects/search/findByName',
  id: 'findProjectsByName',
  summary: 'The caller’s projects whose name contains the text, ignoring case.',
  scope: 'signed-in',
  query: listQuery.extend({ name: z.string().max(200) }),
  status: 200,
  response: projectPage,
  handle: (context) => page(context, context.query, { nameContains: context.query.name }),
})

const findByArchived = operation({
  method: 'get',
  path: '/api/projects/search/findByArchived',
  id: 'findProjectsByArchived',
  summary: 'The caller’s archived projects, or those that are not archived.',
  scope: 'signed-in',
  query: listQuery.extend({ archived: z.enum(['true', 'false']).default('false') }),
  status: 200,
  response: projectPage,
  handle: (context) => page(context, context.query, { archived: context.query.archived === 'true' }),
})

const findById = operation({
  method: 'get',
  path: '/api/projects/search/findById',
  id: 'findProjectById',
  summary: 'One of the caller’s projects.',
  scope: 'signed-in',
  query: projectionQuery.extend({ id: uuidText }),
  status: 200,
  response: projectView,
  reasons: ['not-found'],
  handle: async (context) => replyWith(context, await findVisible(context, context.query.id)),
})

const get = operation({
  method: 'get',
  path: '/api/projects/:id',
  id: 'getProject',
  summary: 'One of the caller’s projects.',
  scope: 'signed-in',
  query: projectionQuery,
  status: 200,
  response: projectView,
  revisions: true,
  reasons: ['not-found'],
  handle: async (context) => replyWith(context, await findVisible(context, context.params.id)),
})

const create = operation({
  method: 'post',
  path: '/api/projects',
  id: 'createProject',
  summary: 'Creates a project.',
  scope: 'signed-in',
  needs: 'admin',
  body: newProject,
  status: 201,
  response: projectView,
  reasons: ['name-taken'],
  handle: async (context) => {
    const { id = randomUUID(), ...body } = context.body
    const project = await rejectTakenName(() => context.deps.projects.create(id, { ...body, ...texts(body) }))
    context.audit('project-created', { project: id, name: project.name, groups: project.groups })
    return replyWith(context, project)
  },
})

const update = operation({
  method: 'put',
  path: '/api/projects/:id',
  id: 'updateProject',
  summary: 'Changes a project. Omitted fields stay as they are.',
  scope: 'signed-in',
  needs: 'admin',
  body: changedProject,
  status: 200,
  response: projectView,
  revisions: true,
  reasons: ['not-found', 'name-taken', 'project-ambiguous'],
  handle: async (context) => {
    const project = await findTarget(context, context.params.id)
    const { id, revision, createdAt: _created, updatedAt: _updated, _links, ...body } = context.body
    if (id !== undefined && id !== project.id) throw differentId(project.id, id)
    checkUnchanged(context.ifMatch, revision, project.revision)
    return change(context, project, { ...defined(body), ...texts({ ...project, ...defined(body) }) }, 'project-changed')
  },
})

const archive = (method: 'post' | 'delete') =>
  operation({
    method,
    path: '/api/archives/PROJECT/:id',
    id: method === 'post' ? 'archiveProject' : 'unarchiveProject',
    summary: method === 'post' ? 'Archives a project, which can then only be read.' : 'Restores an archived project.',
    scope: 'signed-in',
    needs: 'admin',
    status: 200,
    response: projectView,
    revisions: true,
    reasons: ['not-found', 'project-ambiguous'],
    handle: async (context) => {
      const project = await findTarget(context, context.params.id)
      checkUnchanged(context.ifMatch, undefined, project.revision)
      const archived = method === 'post'
      return change(context, project, { archived }, archived ? 'project-archived' : 'project-unarchived')
    },
  })

export const projectOperations: readonly Operation[] = [
  list,
  findByName,
  findByArchived,
  findById,
  get,
  create,
  update,
  archive('post'),
  archive('delete'),
]

async function page(context: SignedInContext, query: z.output<typeof listQuery>, filter: ProjectFilter) {
  const { deps, principal, administrator } = context
  const listing = listingOf(query, deps.config.limits.pageSize)
  const found = await deps.projects.list(administrator ? filter : { ...filter, groups: [...principal.groups] }, listing)
  const base = linkBase(context.deps.config)
  const items = found.items.map((project) => viewProject(project, base))
  return { body: halPage('projects', `${base}/api/projects`, listing, { items, total: found.total }) }
}

/** @throws Problem not-found, alike for a project that does not exist and one that the caller is not a member of */
async function findVisible(
  { deps, principal, administrator }: SignedInContext,
  id: string | undefined,
): Promise<ProjectRecord> {
  const project = await deps.projects.find(id ?? '')
  if (!project || !(administrator || projectAccess(principal, project))) throw new Problem('not-found', 'project')
  return project
}

/** The project to change. @throws Problem project-ambiguous when the header names another */
async function findTarget(context: SignedInContext, id: string | undefined): Promise<ProjectRecord> {
  const project = await findVisible(context, id)
  if (context.project && context.project.id !== project.id) throw new Problem('project-ambiguous', 'path and header')
  return project
}

async function change(
  context: SignedInContext,
  project: ProjectRecord,
  fields: Partial<ProjectFields>,
  action: string,
) {
  const { id, revision } = project
  const replaced = await rejectTakenName(() => context.deps.projects.replace(id, revision, { ...project, ...fields }))
  const changed = replaced ? await context.deps.projects.find(id) : undefined
  if (!changed) throw new Problem('precondition-failed', 'changed by another request')
  context.audit(action, { project: id, name: changed.name, groups: changed.groups, viewerGroups: changed.viewerGroups })
  return replyWith(context, changed)
}

function replyWith(context: SignedInContext, project: ProjectRecord): ProjectReply {
  const tag = tagOf(project.revision)
  if (isUnchanged(context.ifNoneMatch, tag)) return { status: 304, headers: { ETag: tag } }
  return { body: viewProject(project, linkBase(context.deps.config)), headers: { ETag: tag } }
}

interface Texts {
  readonly description: string | null
  readonly gitRepositoryUrl: string | null
  readonly branch: string | null
}

/** The published client sends `null` for a text that is not set. */
const texts = ({ description, gitRepositoryUrl, branch }: Texts) => ({
  description: description ?? '',
  gitRepositoryUrl: gitRepositoryUrl ?? '',
  branch: branch ?? '',
})

/** Without undefined members, so that spreading them over a record keeps its values. */
type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }
const defined = <T extends object>(body: T) =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as Defined<T>

const differentId = (expected: string, got: string) =>
  new Problem('body-invalid', 'id', { errors: [{ path: 'id', expected, got }] })
