import { readFileSync } from 'node:fs'
import { InvalidArgumentError } from 'commander'
import { readFailure } from '../../shared/settings/read-file.ts'
import { CliError } from '../cli-error.ts'
import { accountOf } from './accounts.ts'
import type { WorldOptions } from './build-world.ts'
import { checkConfirmed } from './confirmed-hosts.ts'
import { INCORRECT_USE } from './exit-codes.ts'
import { placeOfAddress, placeOfUrl } from './wire/place.ts'

/** As commander gives them. */
export interface Options {
  readonly url: string
  readonly iOwn?: readonly string[]
  readonly path?: readonly string[]
  readonly echoPath?: string
  readonly tokenFile?: string
  readonly cookieFile?: string
  readonly project?: string
  readonly secondTokenFile?: string
  readonly secondCookieFile?: string
  readonly secondProject?: string
  readonly upstream?: readonly string[]
  readonly admin?: readonly string[]
  readonly httpPort?: number
  readonly ca?: string
  readonly only?: readonly string[]
  readonly rate: number
  readonly timeout: number
  readonly format: 'text' | 'json' | 'sarif' | 'html'
  readonly output?: string
}

export const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

export const list = (text: string): string[] => text.split(',').map((each) => each.trim())

export const between =
  (least: number, most: number, unit: string) =>
  (text: string): number => {
    const value = Number(text)
    if (!(value >= least && value <= most)) throw new InvalidArgumentError(`expected ${least} to ${most} ${unit}`)
    return value
  }

/** A path of the deployment. */
export function pathIn(text: string): string {
  if (!/^\/[\w./~-]*$/.test(text)) throw new InvalidArgumentError('expected a path such as /mlflow/')
  return text
}

export const pathsIn = (text: string, before: readonly string[] = []): readonly string[] => [...before, pathIn(text)]

/** Checks everything before the first request. @throws CliError */
export function worldOptions(options: Options): WorldOptions {
  const place = placeOfUrl(options.url)
  const upstreams = (options.upstream ?? []).map((text) => placeOfAddress('--upstream', text))
  const admins = (options.admin ?? []).map((text) => placeOfAddress('--admin', text))
  checkConfirmed([place, ...upstreams, ...admins], options.iOwn ?? [])
  const ca = options.ca === undefined ? undefined : fileIn('--ca', options.ca)
  // Plain HTTP has its usual port beside the usual port of https.
  const httpPort = options.httpPort ?? (place.tls && place.port === 443 ? 80 : undefined)
  const { path: paths = [], echoPath, rate } = options
  const common = { place: { ...place, ca }, upstreams, admins, httpPort, paths, echoPath, rate }
  const { tokenFile, cookieFile, project, secondTokenFile, secondCookieFile, secondProject } = options
  return {
    ...common,
    first: accountOf({
      ...{ tokenFile, cookieFile, project },
      names: { token: '--token-file', cookie: '--cookie-file', project: '--project' },
    }),
    second: accountOf({
      ...{ tokenFile: secondTokenFile, cookieFile: secondCookieFile, project: secondProject },
      names: { token: '--second-token-file', cookie: '--second-cookie-file', project: '--second-project' },
    }),
  }
}

function fileIn(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const message = `${option}: expected a readable file, got ${readFailure(error)}`
    throw new CliError(message, { exitCode: INCORRECT_USE })
  }
}
