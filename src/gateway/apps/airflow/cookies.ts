/** Flask's session and Airflow's token: the cookies of Airflow with FAB. */
export const FAB_COOKIES = ['session', '_token'] as const

/**
 * `Set-Cookie` values that end Airflow's own session. Airflow sets its cookies for the path of `base_url` with a slash;
 * releases before 3.2 used `/`. A cookie is only removed under the path it was set for (RFC 6265 §5.3).
 */
export function endedCookies(routePath: string): string[] {
  const bare = routePath.replace(/\/$/, '')
  const paths = new Set([`${bare}/`, bare || '/', '/'])
  return FAB_COOKIES.flatMap((name) =>
    [...paths].map((path) => `${name}=; Path=${path}; Max-Age=0; HttpOnly; SameSite=Lax`),
  )
}
