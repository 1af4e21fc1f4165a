import * as z from 'zod'
import { CliError } from '../cli-error.ts'

const TIMEOUT_MS = 15_000

/** The part of `GET /auth/session` that the command line shows. */
const sessionSchema = z.object({
  issuer: z.string(),
  subject: z.string(),
  username: z.string(),
  groups: z.array(z.string()),
  admin: z.boolean(),
  projects: z.array(z.object({ id: z.string(), name: z.string(), role: z.string() })),
})

export type SessionInfo = z.output<typeof sessionSchema>

/** Who the gateway says the bearer of the token is. @throws CliError */
export async function loadSession(gateway: string, token: string): Promise<SessionInfo> {
  const url = `${gateway}/auth/session`
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw new CliError(`${gateway} cannot be reached. Check the address and your network.`, { cause })
  })
  const body: unknown = await response.json().catch(() => undefined)
  const parsed = sessionSchema.safeParse(body)
  if (response.ok && parsed.success) return parsed.data
  const { data } = z.object({ message: z.string().optional(), detail: z.string().optional() }).safeParse(body)
  const why = printable(data?.detail ?? data?.message ?? '')
  throw new CliError(
    `${url}: expected your session, got status ${response.status}${why}. Run: modelops-gateway login --gateway ${gateway}`,
  )
}

/** A response must not send control sequences to the terminal. */
const printable = (text: string) => (/^[\x20-\x7e]{1,300}$/.test(text) ? ` (${text})` : '')
