import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { membership } from '../auth/caller.ts'
import { Problem } from '../problems.ts'
import { Taken } from '../store/failure.ts'
import type { ProjectFields, ProjectFilter, ProjectRecord } from '../store/projects.ts'
import { halPage, listingOf, listQuery, projectionQuery } from './hal.ts'
import { type Context, type Operation, operation, type Reply } from './operation.ts'
import { changedProject, directoryView, newProject, projectPage, projectView, viewProject } from './project-schemas.ts'
import { checkUnchanged, isUnchanged, tagOf } from './revisions.ts'
import { uuidText } from './text.ts'

/**
 * Projects. The list is the caller's own: it is what a project is chosen from, so it does not shrink to the chosen
 * one. Only administrators change projects: whoever sets a project's groups decides who reaches it.
 */
type Asked = Context<'signed-in', unknown, unknown>
type ProjectReply = Reply<z.input<typeof projectView>>

const list = operation({
  method: 'get',
  path: '/api/projects',
  id: 'listProjects',
  summary: 'The projects that the caller is a member of; for administrators all.',
  scope: 'signed-in',
  query: listQuery,
  status: 200,
  answer: projectPage,
  handle: (context) => page(context, context.query, {}),
})

const findByName = operation({
  method: 'get',
  path: '/api/projects/search/findByName',
  id: 'findProjectsByName',
  summary: 'The caller’s projects with this text in their name, in either case.',
  scope: 'signed-in',
  query: listQuery.extend({ name: z.string().max(200) }),
  status: 200,
  answer: projectPage,
  handle: (context) => page(context, context.query, { nameContains: context.query.name }),
})

const findByArchived = operation({
  method: 'get',
  path: '/api/projects/search/findByArchived',
  id: 'findProjectsByArchived',
  summary: 'The caller’s projects that are, or are not, archived.',
  scope: 'signed-in',
  query: listQuery.extend({ archived: z.enum(['true', 'false']).default('false') }),
  status: 200,
  answer: projectPage,
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
  answer: projectView,
  refuses: ['not-found'],
  handle: async (context) => one(context, await visible(context, context.query.id)),
})

const get = operation({
  method: 'get',
  path: '/api/projects/:id',
  id: 'getProject',
  summary: 'One of the caller’s projects.',
  scope: 'signed-in',
  query: projectionQuery,
  status: 200,
  answer: projectView,
  revisions: true,
  refuses: ['not-found'],
  handle: async (context) => one(context, await visible(context, context.params.id)),
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
  answer: projectView,
  refuses: ['name-taken'],
  handle: async (context) => {
    const { id = randomUUID(), ...body } = context.body
    const project = await taking(() => context.deps.projects.create(id, { ...body, ...texts(body) }))
    context.audit('project-created', { project: id, name: project.name, groups: project.groups })
    return one(context, project)
  },
})

const update = operation({
  method: 'put',
  path: '/api/projects/:id',
  id: 'updateProject',
  summary: 'Changes a project. What the body leaves out stays as it is.',
  scope: 'signed-in',
  needs: 'admin',
  body: changedProject,
  status: 200,
  answer: projectView,
  revisions: true,
  refuses: ['not-found', 'name-taken', 'project-ambiguous'],
  handle: async (context) => {
    const project = await target(context, context.params.id)
    const { id, revision, createdAt: _created, updatedAt: _updated, _links, ...body } = context.body
    if (id !== undefined && id !== project.id) throw idFault(project.id, id)
    checkUnchanged(context.ifMatch, revision, project.revision)
    return change(context, project, { ...given(body), ...texts({ ...project, ...given(body) }) }, 'project-changed')
  },
})

const archive = (method: 'post' | 'delete') =>
  operation({
    method,
    path: '/api/archives/PROJECT/:id',
    id: method === 'post' ? 'archiveProject' : 'unarchiveProject',
    summary:
      method === 'post' ? 'Archives a project: it can be read, not changed.' : 'Takes a project out of the archive.',
    scope: 'signed-in',
    needs: 'admin',
    status: 200,
    answer: projectView,
    revisions: true,
    refuses: ['not-found', 'project-ambiguous'],
    handle: async (context) => {
      const project = await target(context, context.params.id)
      checkUnchanged(context.ifMatch, undefined, project.revision)
      const archived = method === 'post'
      return change(context, project, { archived }, archived ? 'project-archived' : 'project-unarchived')
    },
  })

const directory = operation({
  method: 'get',
  path: '/api/directory',
  id: 'getDirectory',
  summary: 'Every project and its groups, for the gateway. Archived projects have viewers only.',
  scope: 'signed-in',
  needs: 'service',
  status: 200,
  answer: directoryView,
  revisions: true,
  handle: async ({ deps, ifNoneMatch }) => {
    // Read first: should a project change meanwhile, the next question brings it.
    const revision = await deps.projects.directoryRevision()
    const headers = { ETag: tagOf(revision) }
    if (isUnchanged(ifNoneMatch, tagOf(revision))) return { status: 304, headers }
    const projects = (await deps.projects.all()).map(({ id, name, groups, viewerGroups, archived }) =>
      archived
        ? { id, name, groups: [], viewerGroups: [...groups, ...viewerGroups] }
        : { id, name, groups: [...groups], viewerGroups: [...viewerGroups] },
    )
    return { body: { revision, projects }, headers }
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
  directory,
]

async function page(context: Asked, query: z.output<typeof listQuery>, filter: ProjectFilter) {
  const { deps, caller, admin } = context
  const listing = listingOf(query, deps.config.limits.pageSize)
  const found = await deps.projects.list(admin ? filter : { ...filter, groups: [...caller.groups] }, listing)
  const base = linkBase(context)
  const items = found.items.map((project) => viewProject(project, base))
  return { body: halPage('projects', `${base}/api/projects`, listing, { items, total: found.total }) }
}

/** @throws Problem not-found, for a project that is unknown as for one that is not the caller's */
async function visible({ deps, caller, admin }: Asked, id: string | undefined): Promise<ProjectRecord> {
  const project = await deps.projects.find(id ?? '')
  if (!project || !(admin || membership(caller, project))) throw new Problem('not-found', 'project')
  return project
}

/** The project to change. A request that names another beside it is refused, not guessed at. */
async function target(context: Asked, id: string | undefined): Promise<ProjectRecord> {
  const project = await visible(context, id)
  if (context.project && context.project.id !== project.id) throw new Problem('project-ambiguous', 'path and header')
  return project
}

async function change(context: Asked, project: ProjectRecord, fields: Partial<ProjectFields>, action: string) {
  const { id, revision } = project
  const replaced = await taking(() => context.deps.projects.replace(id, revision, { ...project, ...fields }))
  const changed = replaced ? await context.deps.projects.find(id) : undefined
  if (!changed) throw new Problem('precondition-failed', 'changed while it was being changed')
  context.audit(action, { project: id, name: changed.name, groups: changed.groups, viewerGroups: changed.viewerGroups })
  return one(context, changed)
}

function one(context: Asked, project: ProjectRecord): ProjectReply {
  const tag = tagOf(project.revision)
  if (isUnchanged(context.ifNoneMatch, tag)) return { status: 304, headers: { ETag: tag } }
  return { body: viewProject(project, linkBase(context)), headers: { ETag: tag } }
}

const linkBase = ({ deps }: Asked) => deps.config.server.publicUrl?.replace(/\/$/, '') ?? ''

interface Texts {
  readonly description: string | null
  readonly gitRepositoryUrl: string | null
  readonly branch: string | null
}

/** The client sends `null` for what it does not know. */
const texts = ({ description, gitRepositoryUrl, branch }: Texts) => ({
  description: description ?? '',
  gitRepositoryUrl: gitRepositoryUrl ?? '',
  branch: branch ?? '',
})

/** Without members that are absent, so that spreading keeps what was there. */
type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> }
const given = <T extends object>(body: T) =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as Given<T>

/** @throws Problem name-taken */
export async function taking<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Taken) throw new Problem('name-taken', 'unique', { cause: error })
    throw error
  }
}

const idFault = (expected: string, got: string) =>
  new Problem('body-invalid', 'id', { faults: [{ path: 'id', expected, got }] })
