import type { Finding } from './finding.ts'
import type { World } from './world.ts'

export interface Check {
  /** For `--only` and `--skip`. */
  readonly id: string
  readonly title: string
  /** Checks whose results this one uses. */
  readonly needs?: readonly string[]
  /** May wait for a person: the limit of time does not count. */
  readonly waitsForPerson?: (world: World) => boolean
  run(world: World): Promise<Finding[]> | Finding[]
}
