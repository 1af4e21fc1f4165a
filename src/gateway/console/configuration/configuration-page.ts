import type { Config } from '../../config/schema.ts'
import { pageReply } from '../../http/reply.ts'
import { configurationPage } from '../../pages/console/configuration-page.ts'
import type { ConsoleContext } from '../console-deps.ts'
import type { ConsoleHandler, Note } from '../console-request.ts'
import { type ShownValue, shownValues } from './shown-values.ts'

/** `configuration`: the current configuration without its secrets. */
export function showConfiguration(context: ConsoleContext, note: Note): ConsoleHandler {
  return async (request) => {
    note(request, 'configuration.read')
    return pageReply(200, context.render(configurationPage(request.frame, { sections: sectionsOf(context.config) })))
  }
}

function sectionsOf(config: Config) {
  const sections = new Map<string, ShownValue[]>()
  for (const shown of shownValues(config)) {
    const name = shown.path.split('.', 1)[0] ?? ''
    sections.set(name, [...(sections.get(name) ?? []), shown])
  }
  return [...sections].map(([name, values]) => ({ name, values }))
}
