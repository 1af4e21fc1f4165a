import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { CliError } from '../cli-error.ts'
import type { Plan } from './plan.ts'

/** The parts of Keycloak's partial import that hold users and groups. */
const importSchema = z.object({
  groups: z.array(z.object({ name: z.string() })).default([]),
  users: z.array(z.object({ username: z.string(), groups: z.array(z.string()).default([]) })),
})

/**
 * Users and groups for Keycloak's partial import. No password hash is in it: MLflow's are of no use there, and people
 * sign in with the account that they have at the issuer, or get a password by Keycloak's own ways.
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
