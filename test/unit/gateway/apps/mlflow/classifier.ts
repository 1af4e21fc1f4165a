import { buildRouteFinder, type CatalogueFile } from '../../../../../src/gateway/apps/mlflow/catalogue/catalogue.ts'
import type { Use } from '../../../../../src/gateway/policy/types.ts'

/** What a request does by a catalogue; `denied` for everything that it does not list, as in the profile. */
export function classifierOf(file: CatalogueFile): (method: string, decodedPath: string) => Use {
  const find = buildRouteFinder(file)
  return (method, path) => find(method, path)?.use ?? 'denied'
}
