/** MLflow's permission levels, weakest first; `DENY` wins against all of them and is not among them. */
export const LEVELS = ['NO_PERMISSIONS', 'READ', 'USE', 'EDIT', 'MANAGE'] as const
export type Level = (typeof LEVELS)[number]

export const isLevel = (text: string): text is Level => LEVELS.some((level) => level === text)

export const isAtLeast = (level: Level, least: Level): boolean => LEVELS.indexOf(level) >= LEVELS.indexOf(least)

export const strongest = (a: Level, b: Level): Level => (isAtLeast(a, b) ? a : b)

/** What a level lets somebody do to data. Granting to others (MANAGE) moves to the issuer's groups and is no data access. */
export const ACTIONS = ['read', 'use', 'create', 'update', 'delete'] as const
export type Action = (typeof ACTIONS)[number]

const LEAST: Record<Exclude<Action, 'create'>, Level> = { read: 'READ', use: 'USE', update: 'EDIT', delete: 'MANAGE' }

export const allows = (level: Level, action: Exclude<Action, 'create'>): boolean => isAtLeast(level, LEAST[action])
