import type * as z from 'zod'
import { inputErrors } from './input-errors.ts'
import { Problem } from './problems.ts'

/** @throws Problem query-invalid */
export function parseQuery<Q extends z.ZodObject>(schema: Q, query: URLSearchParams): z.output<Q> {
  const values: Record<string, unknown> = {}
  for (const key of new Set(query.keys())) {
    if (key === 'projectId') continue
    const all = query.getAll(key)
    values[key] = all.length === 1 ? all[0] : all
  }
  const result = schema.safeParse(values)
  if (result.success) return result.data
  throw new Problem('query-invalid', 'query', { errors: inputErrors(result.error, values) })
}

/** @throws Problem body-invalid */
export function parseBody<B extends z.ZodType>(schema: B, body: unknown): z.output<B> {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  throw new Problem('body-invalid', 'body', { errors: inputErrors(result.error, body) })
}
