import { Refusal } from '../../../errors.ts'

/** @param explain What was expected; names no value of the body. */
export const malformed = (explain: string) => new Refusal('body-malformed', explain, { explain })
