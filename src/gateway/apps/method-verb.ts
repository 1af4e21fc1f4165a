const VERBS: Readonly<Record<string, string>> = {
  GET: 'read',
  HEAD: 'read',
  POST: 'create',
  PUT: 'update',
  PATCH: 'update',
  DELETE: 'delete',
}

/** What a method does to a resource of a REST API, for the names of operations; undefined: nothing that has a name. */
export const methodVerb = (method: string): string | undefined =>
  Object.hasOwn(VERBS, method) ? VERBS[method] : undefined
