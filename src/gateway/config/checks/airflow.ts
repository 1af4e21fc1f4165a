import type { CheckError } from '../../../shared/settings/load-settings.ts'
import type { RouteConfig } from '../schema.ts'
import { randomSecretErrors } from './secret.ts'

export function airflowErrors({ airflow }: RouteConfig, routePath: string): CheckError[] {
  const secret = airflow?.requestSecret
  if (secret === undefined) return []
  const path = `${routePath}.airflow.requestSecret`
  if (airflow?.login === 'fab') {
    const hint = 'Remove it, or use the auth manager (login: assertion), which verifies it.'
    return [{ path, expected: 'no secret where login is fab', hint }]
  }
  return randomSecretErrors(secret, path)
}
