import { type Verdict, worst } from '../case.ts'
import type { Received, SendOptions } from '../wire/send.ts'
import type { Ask, World } from '../world.ts'

/** Variants of one attack: what is special in it, for the report, and the request. */
export type Variants = readonly (readonly [label: string, request: Ask])[]

type Judge = (received: Received, request: Ask) => Verdict | Promise<Verdict>

/** Sends the variants one after another, up to the first that fails. */
export async function each(
  { ask }: World,
  variants: Variants,
  judge: Judge,
  options: SendOptions = {},
): Promise<Verdict> {
  const verdicts: Verdict[] = []
  for (const [label, request] of variants) {
    const { method } = request
    const received = await ask(request, { ...(method === undefined ? {} : { method }), ...options })
    const verdict = await judge(received, request)
    verdicts.push({ ...verdict, detail: `${label}: ${verdict.detail}` })
    if (verdict.status === 'fail') break
  }
  const found = worst(verdicts)
  if (found.status !== 'pass' || verdicts.length === 1) return found
  const details = [...new Set(verdicts.map(({ detail }) => detail.slice(detail.indexOf(': ') + 2)))]
  return { ...found, detail: `${verdicts.length} requests: ${details.join('; ')}` }
}

/** Header lines as variants of one request. */
export const withLines = (request: Ask, lines: readonly (string | readonly string[])[]): Variants =>
  lines.map((line) => {
    const all = typeof line === 'string' ? [line] : line
    const label = all.map((each) => each.split(':', 1)[0]).join(', ')
    return [label, { ...request, lines: [...(request.lines ?? []), ...all] }]
  })

/** No such host exists (RFC 6761 §6.4). */
export const FOREIGN = 'selftest.invalid'
/** What a spoofed header claims to be; looked for in responses. */
export const SPOOFED = 'selftest-spoofed'
