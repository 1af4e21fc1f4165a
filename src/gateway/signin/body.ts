import express, { type Request, type RequestHandler } from 'express'
import { Refusal } from '../errors.ts'
import { isSending } from '../http/finish.ts'

const LIMIT = '8kb'

/**
 * Reads the small bodies of our own endpoints: a form or one JSON object.
 * @param wholeMs Longest time for all of it: anybody may send here, and nothing else ends a body that never comes.
 */
export const readBody = (wholeMs: number): RequestHandler[] => [
  inTime(wholeMs),
  express.urlencoded({ extended: false, limit: LIMIT }),
  express.json({ limit: LIMIT }),
]

function inTime(wholeMs: number): RequestHandler {
  return (req, _res, next) => {
    if (isSending(req)) {
      const late = () =>
        next(new Refusal('request-timeout', 'the body did not come', { headers: { Connection: 'close' } }))
      const timer = setTimeout(late, wholeMs)
      for (const event of ['end', 'close']) req.once(event, () => clearTimeout(timer))
    }
    next()
  }
}

/**
 * Fields of a form or JSON object, each a string or null. No body is no fields.
 * @throws Refusal body-malformed: another content type, a list, a repeated or nested field
 */
export function fieldsOf(req: Request): Readonly<Record<string, string | null>> {
  const body: unknown = req.body
  if (body === undefined) {
    if (req.headers['content-length'] === undefined && req.headers['transfer-encoding'] === undefined) return {}
    if (req.headers['content-length'] === '0') return {}
    throw new Refusal('body-malformed', 'body: expected a form or a JSON object')
  }
  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw new Refusal('body-malformed', 'body: expected an object of fields')
  }
  const fields = Object.entries(body).map(([name, value]: [string, unknown]) => {
    if (typeof value === 'string' || value === null) return [name, value] as const
    throw new Refusal('body-malformed', 'body: expected every field once and as a string')
  })
  return Object.fromEntries(fields)
}
