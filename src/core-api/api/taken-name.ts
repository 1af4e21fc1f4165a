import { Problem } from '../operation/problems.ts'
import { UniqueViolation } from '../store/storage-errors.ts'

/** Runs a write of which a name or an ID must be unique. @throws Problem name-taken */
export async function rejectTakenName<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (error instanceof UniqueViolation) throw new Problem('name-taken', 'unique', { cause: error })
    throw error
  }
}
