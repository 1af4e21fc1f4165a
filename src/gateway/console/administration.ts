import type { AdministrationEntry } from '../audit/administration.ts'

/** Records what was done or denied. Returns at once and never throws. */
export type RecordAdministration = (entry: AdministrationEntry) => void

/** Whoever has the shared token, as pages name it. */
export const TOKEN_ACTOR = 'administration token'
