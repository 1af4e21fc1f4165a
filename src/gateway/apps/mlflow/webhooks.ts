import type { AppRequest } from '../profile.ts'

const WEBHOOK = /^\/(?:ajax-)?api\/2\.0\/mlflow\/webhooks(?:\/[^/]+)?$/

/**
 * Whether a request creates or changes a webhook. MLflow remembers the webhooks of an event for a minute, for whichever
 * workspace asked first: what happens in one project is then sent to the webhooks of another.
 */
export const changesWebhook = ({ method, decodedPath }: AppRequest): boolean =>
  (method === 'POST' || method === 'PATCH') && WEBHOOK.test(decodedPath)
