import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Background, startBackground } from '../infra/parts/background.ts'

export interface BalancerOptions {
  /** For its configuration and log. */
  readonly folder: string
  readonly port: number
  readonly replicas: readonly { readonly url: string }[]
  /** Lines of Caddy's `reverse_proxy`, which say how it chooses and forwards. */
  readonly directives: string
}

/** A real Caddy without TLS in front of several replicas. */
export function startBalancer({ folder, port, replicas, directives }: BalancerOptions): Promise<Background> {
  const file = join(folder, 'Caddyfile')
  writeFileSync(
    file,
    `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  reverse_proxy ${replicas.map(({ url }) => new URL(url).host).join(' ')} {
    lb_policy round_robin
${directives}
  }
}
`,
  )
  return startBackground({
    name: 'Caddy',
    command: 'caddy',
    args: ['run', '--config', file, '--adapter', 'caddyfile'],
    logFile: join(folder, 'caddy.log'),
    readyUrl: `http://127.0.0.1:${port}/healthz`,
    readySeconds: 30,
  })
}
