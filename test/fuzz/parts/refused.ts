import { Refusal } from '../../../src/gateway/errors.ts'

/** What `parse` returns; undefined: the gateway denies the input. What else it throws is a finding. */
export function unlessRefused<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}
