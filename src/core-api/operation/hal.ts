import * as z from 'zod'
import type { CoreConfig } from '../config.ts'
import type { Listing, Page } from '../store/listing.ts'

/** Lists as HAL pages, and the parameters that select a page. */

/** What links start with: the public URL, or nothing where links are paths. */
export const linkBase = ({ server }: Pick<CoreConfig, 'server'>) => server.publicUrl?.replace(/\/$/, '') ?? ''

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

/** Page parameters of every list. `sort` takes the published client's `name?asc` as well as `name,asc`. */
export const listQuery = z.strictObject({
  page: z.coerce.number().int().min(0).max(1_000_000).default(0).describe('From 0.'),
  size: z.coerce.number().int().min(1).default(20).describe('Values above the configured limit count as the limit.'),
  sort: z
    .string()
    .regex(
      /^(name|createdAt|updatedAt)([,?](asc|desc))?$/i,
      'expected name, createdAt or updatedAt, then ,asc or ,desc',
    )
    .default('name,asc'),
  projection: z.string().max(64).optional().describe('Accepted for the published client and ignored.'),
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
