import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { errors, type Provider } from 'oidc-provider'
import { loginPage, PAGE_HEADERS, page } from './pages.ts'
import type { Directory, IssuerUser } from './users.ts'

/** Serves `/interaction/UID`: the sign-in page and its form. */
export interface LoginForm {
  readonly directory: Directory
  /** Offer every user as a button, without a password. */
  readonly oneClick: boolean
  readonly levels: readonly string[]
}

export async function handleLogin(
  provider: Provider,
  form: LoginForm,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const { uid } = await provider.interactionDetails(request, response)
    if (request.method !== 'POST') return show(form, uid, response)
    const fields = new URLSearchParams(await text(request))
    const user = chosen(form, fields)
    if (user === undefined) return show(form, uid, response, 'The user name or the password is not correct.')
    await provider.interactionFinished(request, response, {
      login: { accountId: user.subject, ...levelOf(form, fields) },
    })
  } catch (error) {
    if (!(error instanceof errors.SessionNotFound)) throw error
    response.writeHead(400, PAGE_HEADERS)
    response.end(page('Sign in', '<h1>This page has expired</h1><p>Open the application again to sign in.</p>'))
  }
}

/** The level that the user chose; the first one is a password alone. */
function levelOf({ levels }: LoginForm, fields: URLSearchParams): { acr?: string } {
  const [lowest] = levels
  const acr = levels.find((level) => level === fields.get('level')) ?? lowest
  return acr === undefined ? {} : { acr }
}

function show({ directory, oneClick, levels }: LoginForm, uid: string, response: ServerResponse, error?: string): void {
  response.writeHead(error === undefined ? 200 : 403, PAGE_HEADERS)
  const offered = oneClick ? directory.all() : []
  response.end(loginPage({ action: `/interaction/${uid}`, offered, levels, ...(error !== undefined && { error }) }))
}

function chosen({ directory, oneClick }: LoginForm, fields: URLSearchParams): IssuerUser | undefined {
  const pick = fields.get('pick')
  if (pick !== null && oneClick) return directory.authenticate(pick, `${pick}-pw`)
  return directory.authenticate(fields.get('username') ?? '', fields.get('password') ?? '')
}
