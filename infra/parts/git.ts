import { type RunResult, run } from './run.ts'

/**
 * Runs git in a checkout, also in one that belongs to another user, as in the containers of hosted workflows.
 * @see https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory
 */
export const git = (checkout: string, ...args: string[]): Promise<RunResult> =>
  run('git', ['-c', 'safe.directory=*', '-C', checkout, ...args])
