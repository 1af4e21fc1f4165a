import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { checkout } from '../../infra/parts/directories.ts'

export interface Service {
  readonly build?: string
  readonly image?: string
  readonly profiles?: readonly string[]
  readonly volumes?: readonly string[]
  readonly secrets?: readonly string[]
  readonly networks?: readonly string[] | Record<string, unknown>
  readonly ports?: readonly string[]
  readonly environment?: Record<string, string>
  readonly depends_on?: Record<string, { readonly condition: string }>
  readonly healthcheck?: unknown
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
}

export interface ComposeFile {
  readonly services: Record<string, Service>
  readonly networks: Record<string, { readonly internal?: boolean }>
  readonly volumes: Record<string, unknown>
  readonly secrets: Record<string, { readonly file: string }>
}

/** docker-compose.yml with anchors and merges resolved. */
export const readComposeFile = () =>
  parse(readFileSync(join(checkout, 'docker-compose.yml'), 'utf8'), { merge: true }) as ComposeFile

export const networksOf = ({ networks = [] }: Service): readonly string[] =>
  Array.isArray(networks) ? networks : Object.keys(networks)
