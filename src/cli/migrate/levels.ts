/** MLflow's permission levels, weakest first. `DENY` overrides all of them and is not a level. */
export const LEVELS = ['NO_PERMISSIONS', 'READ', 'USE', 'EDIT', 'MANAGE'] as const
export type Level = (typeof LEVELS)[number]

export const isLevel = (text: string): text is Level => LEVELS.some((level) => level === text)

export const isAtLeast = (level: Level, least: Level): boolean => LEVELS.indexOf(level) >= LEVELS.indexOf(least)

export const strongest = (a: Level, b: Level): Level => (isAtLeast(a, b) ? a : b)

/** Actions on data. The right to grant access (MANAGE) is not one of them: it moves to the issuer's groups. */
export const ACTIONS = ['read', 'use', 'create', 'update', 'delete'] as const
export type Action = (typeof ACTIONS)[number]

const LEAST: Record<Exclude<Action, 'create'>, Level> = { read: 'READ', use: 'USE', update: 'EDIT', delete: 'MANAGE' }

export const allows = (level: Level, action: Exclude<Action, 'create'>): boolean => isAtLeast(level, LEAST[action])
