import { type HttpRequest, type HttpResponse, httpRequest } from '../../shared/http-request.ts'
import type { CheckError } from '../../shared/settings/load-settings.ts'

/** The first page of an issuer that has just started takes several seconds on a busy machine. */
const TIMEOUT_MS = 10_000

/** One request to a server that the configuration names. @throws Unreachable */
export async function probe(url: string, request: Partial<Omit<HttpRequest, 'timeoutMs'>> = {}): Promise<HttpResponse> {
  try {
    return await httpRequest(url, { method: 'GET', timeoutMs: TIMEOUT_MS, ...request })
  } catch (error) {
    throw new Unreachable(failureOf(error), { cause: error })
  }
}

/** There is no response: the message says why, the code is that of Node. */
export class Unreachable extends Error {
  get code(): string {
    const { cause } = this
    return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  }

  /** Whether a server responded whose certificate is not accepted. */
  get isCertificate(): boolean {
    return CERTIFICATE.test(this.code)
  }
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO/

/** Runs the checks of one server. If it does not respond, that is the only error. */
export async function whereReachable(
  path: string,
  who: string,
  checks: () => Promise<CheckError[]>,
): Promise<CheckError[]> {
  try {
    return await checks()
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    const hint = error.isCertificate ? CERTIFICATE_HINT : `Start ${who}, or correct the address.`
    return [{ path, expected: `a response from ${who}`, got: error.message, hint }]
  }
}

const CERTIFICATE_HINT =
  'For a certificate authority of your own, set NODE_EXTRA_CA_CERTS to its PEM file. Run `modelops-gateway doctor` to see what is wrong with the certificate.'

const FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection closed without a response',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name not resolved',
  EHOSTUNREACH: 'no route to the host',
  ABORT_ERR: `no response within ${TIMEOUT_MS / 1000} seconds`,
  ETIMEDOUT: 'no connection in time',
}

function failureOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (FAILURES[code] !== undefined) return `${FAILURES[code]} (${code})`
  if (CERTIFICATE.test(code)) return `a certificate that is not trusted (${code})`
  return error instanceof Error ? code || error.message : 'no response'
}

export function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}
