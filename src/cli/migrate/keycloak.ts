import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { CliError } from '../cli-error.ts'
import type { Plan } from './plan.ts'

/** Users and groups in Keycloak's partial import. */
const importSchema = z.object({
  groups: z.array(z.object({ name: z.string() })).default([]),
  users: z.array(z.object({ username: z.string(), groups: z.array(z.string()).default([]) })),
})

/**
 * Users and groups for Keycloak's partial import. It contains no password hashes, because Keycloak cannot use those of
 * MLflow: users sign in with an account at the issuer, or set a new password.
 */
export function keycloakImport(plan: Plan): object {
  const groups = [plan.adminGroup, ...plan.projects.flatMap((project) => [...project.groups, ...project.viewerGroups])]
  return {
    ifResourceExists: 'SKIP',
    groups: groups.map((name) => ({ name, path: `/${name}` })),
    users: [...plan.groups].map(([username, own]) => ({
      username,
      enabled: true,
      ...(username.includes('@') ? { email: username } : {}),
      groups: own.map((name) => `/${name}`),
    })),
  }
}

/**
 * Groups of every user by user name, as a partial import would give them.
 * @throws CliError
 */
export function loadKeycloakGroups(path: string): Map<string, string[]> {
  let raw: unknown
  try {
    raw = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new CliError(`--users ${path}: expected a readable JSON file`, { cause: error })
  }
  const parsed = importSchema.safeParse(raw)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new CliError(
      `--users ${path}: ${issue?.path.join('.')}: expected a partial import of Keycloak (${issue?.message})`,
    )
  }
  return new Map(
    parsed.data.users.map(({ username, groups }) => [username, groups.map((name) => name.replace(/^\//, ''))]),
  )
}
