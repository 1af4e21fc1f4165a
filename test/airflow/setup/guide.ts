import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { checkout } from '../../../infra/parts/directories.ts'

const GUIDE = 'docs/guides/applications/airflow.md'

/** The numbered steps of the guide, as a reader runs them. */
export interface Guide {
  /** The route of step 1. */
  readonly route: Record<string, unknown>
  /** Every command of the numbered steps, in order. */
  readonly script: string
  /** The configuration that step 3 shows, with `(random)` where a secret is. */
  readonly shownConfiguration: string
}

export function readGuide(): Guide {
  const steps = readFileSync(join(checkout, GUIDE), 'utf8')
    .split(/^## /m)
    .filter((section) => /^\d+\. /.test(section))
  const blocks = (language: string) =>
    steps.flatMap((step) =>
      [...step.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, text]) => text ?? ''),
    )
  const { routes } = parse(blocks('yaml')[0] ?? '') as { routes: Record<string, unknown>[] }
  return { route: routes[0] ?? {}, script: blocks('sh').join('\n'), shownConfiguration: blocks('ini')[0] ?? '' }
}
