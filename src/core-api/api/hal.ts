import { z } from 'zod'
import type { Listing, Page } from '../store/listing.ts'

/** Lists as HAL shows them, and the parameters that ask for them. */

export const links = z.object({ self: z.object({ href: z.string() }) })

/** A page of resources under their relation, e.g. `_embedded.projects`. */
export const pageOf = <T extends z.ZodType>(relation: string, item: T) =>
  z.object({
    _embedded: z.object({ [relation]: z.array(item) }),
    _links: links,
    page: z.object({
      size: z.int(),
      totalElements: z.int(),
      totalPages: z.int(),
      number: z.int().describe('From 0.'),
    }),
  })

/** Page parameters of every list. `sort` takes the client's `name?asc` as well as `name,asc`. */
export const listQuery = z.strictObject({
  page: z.coerce.number().int().min(0).max(1_000_000).default(0).describe('From 0.'),
  size: z.coerce.number().int().min(1).default(20).describe('Larger than the configured limit counts as the limit.'),
  sort: z
    .string()
    .regex(
      /^(name|createdAt|updatedAt)([,?](asc|desc))?$/i,
      'expected name, createdAt or updatedAt, then ,asc or ,desc',
    )
    .default('name,asc'),
  projection: z.string().max(64).optional().describe('Taken for the client’s sake; every answer is whole.'),
})

export const projectionQuery = listQuery.pick({ projection: true })

type SortKey = 'name' | 'createdAt' | 'updatedAt'

export function listingOf(query: z.output<typeof listQuery>, maxSize: number): Listing<SortKey> {
  const [by, direction] = query.sort.split(/[,?]/)
  return {
    page: query.page,
    size: Math.min(query.size, maxSize),
    sort: { by: by as SortKey, direction: direction?.toLowerCase() === 'desc' ? 'desc' : 'asc' },
  }
}

export function halPage<T>(relation: string, href: string, { page, size }: Listing, { items, total }: Page<T>) {
  return {
    _embedded: { [relation]: [...items] },
    _links: { self: { href } },
    page: { size, totalElements: total, totalPages: Math.ceil(total / size), number: page },
  }
}
