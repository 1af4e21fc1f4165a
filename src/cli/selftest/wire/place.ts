import { CliError } from '../../cli-error.ts'
import { INCORRECT_USE } from '../exit-codes.ts'

/** Where a connection goes. */
export interface Place {
  /** As a URL writes it: an IPv6 address has brackets. */
  readonly host: string
  readonly port: number
  readonly tls: boolean
  /** PEM certificates that may sign its certificate. Undefined: those of Node. */
  readonly ca?: string | undefined
  /** Whether a certificate that is not accepted ends the connection before anything is sent. */
  readonly verifies?: boolean
}

export const nameOf = ({ host, port }: Pick<Place, 'host' | 'port'>): string => `${host}:${port}`

/** The origin of a deployment. @throws CliError for anything but an http or https origin */
export function placeOfUrl(text: string): Place {
  const url = URL.parse(text)
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href
  if (!isOrigin) {
    const message = `--url: expected an origin such as https://mlflow.example.com, got ${JSON.stringify(text)}`
    throw new CliError(`${message}. Leave out path, query and user.`, { exitCode: INCORRECT_USE })
  }
  const tls = url.protocol === 'https:'
  return { host: url.hostname, port: Number(url.port) || (tls ? 443 : 80), tls }
}

/** `HOST:PORT` of an option. @throws CliError */
export function placeOfAddress(option: string, text: string): Place {
  const url = /^[^/?#@]+:\d+$/.test(text) ? URL.parse(`http://${text}`) : null
  if (url === null) {
    const message = `${option}: expected HOST:PORT, such as mlflow.internal:5000, got ${JSON.stringify(text)}`
    throw new CliError(message, { exitCode: INCORRECT_USE })
  }
  return { host: url.hostname, port: Number(url.port) || 80, tls: false }
}
