import { Refusal } from '../../../errors.ts'

/** @param explain What was expected; names no value of the body beyond its scheme. */
export const refused = (explain: string) => new Refusal('body-refused', explain, { explain })
