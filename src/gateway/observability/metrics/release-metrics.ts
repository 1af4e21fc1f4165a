import type { Instruments } from './instruments.ts'

/** The release of an application, and the rules that are used for it. */
export interface ObservedRelease {
  readonly release: string
  readonly catalogue: string
  readonly isKnown: boolean
}

/** @returns a function that takes the release of the application behind a route, in place of an earlier one */
export function buildReleaseMetrics(instruments: Instruments): (route: string, release: ObservedRelease) => void {
  const known = instruments.gauge('modelops_gateway_app_release_known')
  const current = new Map<string, Record<'route' | 'release' | 'catalogue', string>>()
  return (route, { release, catalogue, isKnown }) => {
    const previous = current.get(route)
    if (previous) known.remove(previous)
    const labels = { route, release, catalogue }
    current.set(route, labels)
    known.set(labels, Number(isKnown))
  }
}
