import { parseProjectId } from './project-id.ts'

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** First path segments of the applications that have a project in their URLs (MLflow): a project's name never hides them. */
export const RESERVED_SEGMENTS: ReadonlySet<string> = new Set([
  'ajax-api',
  'api',
  'auth',
  'build',
  'gateway',
  'get-artifact',
  'graphql',
  'health',
  'login',
  'logout',
  'metrics',
  'model-versions',
  'signup',
  'static-files',
  'v1',
  'version',
])

/** Whether a name has the form of one path segment: lower-case letters, digits and `-`, and it is no UUID. */
export const isSlug = (name: string): boolean => SLUG.test(name) && parseProjectId(name) === undefined

/** Whether a path segment may be the name of a project. Names of another form are for display alone. */
export const isNameInUrls = (name: string): boolean => !RESERVED_SEGMENTS.has(name) && isSlug(name)
