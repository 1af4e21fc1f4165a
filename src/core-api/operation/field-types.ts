import * as z from 'zod'

/** Well-formed Unicode without NUL: what both databases, a header and an environment variable can store. */
const isStorable = (text: string) => text.isWellFormed() && !text.includes('\0')
const NO_CONTROLS = /^[^\x00-\x1f\x7f]*$/

/** One line of text for display. */
export const line = (max: number) =>
  z.string().max(max).regex(NO_CONTROLS, 'expected one line without control characters').refine(isStorable, {
    error: 'expected well-formed Unicode',
  })

/** A name: one line, not empty, without leading or trailing space. */
export const nameText = line(200).refine((text) => text.length > 0 && text.trim() === text, {
  error: 'expected 1 to 200 characters without leading or trailing space',
})

/** Text of several lines. */
export const prose = (max: number) =>
  z.string().max(max).refine(isStorable, { error: 'expected well-formed Unicode without NUL' })

/** A user name or password: any characters but NUL, which no environment variable can contain. */
export const secretText = z.string().min(1).refine(isStorable, {
  error: 'expected well-formed Unicode without NUL (an environment variable cannot contain it)',
})

const UUID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/
export const uuidText = z
  .string()
  .regex(UUID, 'expected a UUID')
  .overwrite((text) => text.toLowerCase())

/** A time in ISO 8601, as responses contain it. */
export const instant = z.iso.datetime()
