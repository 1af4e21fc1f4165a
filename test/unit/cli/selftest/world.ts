import type { Case } from '../../../../src/cli/selftest/case.ts'
import type { Response } from '../../../../src/cli/selftest/wire/response.ts'
import type { Received } from '../../../../src/cli/selftest/wire/send.ts'
import type { Account, Found, World } from '../../../../src/cli/selftest/world.ts'

const ORIGIN = 'https://mlflow.example.com'

export const response = (status: number, headers: Record<string, string> = {}, body = ''): Response => ({
  ...{ status, body },
  headers: Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const),
})

export const received = (...responses: readonly Response[]): Received => ({
  ...{ kind: 'response', responses, closed: true },
  first: responses[0] ?? response(200),
})

export const account: Account = {
  ...{ kind: 'bearer', line: 'Authorization: Bearer secret-token', cookieNames: [] },
  project: '11111111-1111-4111-8111-111111111111',
}

const FOUND: Found = {
  ...{ protectedPath: '/notes/', projectPath: '/notes/', issuerOrigins: new Set(['https://issuer.example.com']) },
  ...{ sessionCookie: '__Host-gateway', cookies: [], withheld: undefined },
}

/** A target that gives one response to everything, and responds to ordinary requests or not. */
export function worldOf(reply: Received, over: Partial<World> & { readonly isAlive?: boolean } = {}): World {
  const { isAlive = true, ...rest } = over
  return {
    place: { host: 'mlflow.example.com', port: 443, tls: true },
    ...{ origin: ORIGIN, host: 'mlflow.example.com', upstreams: [], admins: [], httpPort: 80, echoPath: '/echo' },
    ...{ first: account, second: undefined, found: FOUND },
    ask: async () => reply,
    sendTo: async () => reply,
    control: async () => isAlive,
    ...rest,
  }
}

export const aCase = (over: Partial<Case>): Case => ({
  ...{ id: 'paths-a', section: 'paths', title: 'A title', sent: 'a request', demanded: 'a denial' },
  ...{ source: 'CWE-1', fix: 'Fix it.', run: async () => ({ status: 'pass', detail: 'status 401' }) },
  ...over,
})
