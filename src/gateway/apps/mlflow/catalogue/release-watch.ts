import type { Clock } from '../../../../shared/clock.ts'
import { httpRequest } from '../../../../shared/http-request.ts'
import type { AppRelease } from '../../profile.ts'
import { buildRouteFinder, CATALOGUES, type FindRoute } from './catalogue.ts'

/** How long a release that was read is believed, ms. */
const BELIEVED_MS = 60_000
/** Pause after a failure to read it, ms. */
const RETRY_MS = 5000
/** Longest wait for MLflow to tell its release, ms. */
const TIMEOUT_MS = 2000

export type CatalogueVersion = keyof typeof CATALOGUES

/** The release of the MLflow behind a route, e.g. `3.17.2`. */
export interface DetectedRelease extends AppRelease {
  readonly catalogue: CatalogueVersion
}

/** The catalogue of a release: of its minor release, else of the newest before it, else the oldest. */
export function catalogueFor(release: string): DetectedRelease {
  const wanted = minorOf(release)
  const versions = Object.keys(CATALOGUES) as CatalogueVersion[]
  const before = versions.filter((version) => compare(minorOf(version), wanted) <= 0)
  const catalogue = before.at(-1) ?? (versions[0] as CatalogueVersion)
  return { release, catalogue, isKnown: compare(minorOf(catalogue), wanted) === 0 }
}

type Minor = readonly [major: number, minor: number]

const minorOf = (release: string): Minor => {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10))
  return [major, minor]
}

const compare = (a: Minor, b: Minor) => a[0] - b[0] || a[1] - b[1]

/** The release in a response of `/version`; undefined: something else responded. */
export const releaseIn = (status: number, text: string): string | undefined =>
  status === 200 ? /^\d{1,4}\.\d{1,4}\.[0-9A-Za-z.+-]{1,32}$/.exec(text.trim())?.[0] : undefined

const finders = new Map<CatalogueVersion, FindRoute>()

/** A catalogue is compiled once for all routes. */
export function finderOf(version: CatalogueVersion): FindRoute {
  const known = finders.get(version)
  if (known !== undefined) return known
  const made = buildRouteFinder(CATALOGUES[version])
  finders.set(version, made)
  return made
}

export interface ReleaseWatchDeps {
  /** Origin of the MLflow. */
  readonly upstream: string
  /** The catalogue until the release is known. */
  readonly configured: CatalogueVersion
  readonly clock: Clock
  /** Called when the release is known for the first time, and when it has changed. */
  readonly onRelease: (detected: DetectedRelease) => void
}

/**
 * Follows the release of an MLflow, which may change while the gateway runs. It is read again by the first request that
 * finds it older than a minute. While MLflow does not tell its release, the last known one is used.
 */
export class ReleaseWatch {
  readonly #deps: ReleaseWatchDeps
  #catalogue: CatalogueVersion
  #release: string | undefined
  #believedUntil = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined

  constructor(deps: ReleaseWatchDeps) {
    this.#deps = deps
    this.#catalogue = deps.configured
  }

  /** The catalogue in use. */
  get catalogue(): CatalogueVersion {
    return this.#catalogue
  }

  readonly find: FindRoute = (method, path) => finderOf(this.#catalogue)(method, path)

  /** Reads the release again where that is due; calls at the same time share one request. Never rejects. */
  refresh(): Promise<void> | undefined {
    if (this.#reading !== undefined) return this.#reading
    if (this.#deps.clock() < this.#believedUntil) return undefined
    this.#reading = this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #read(): Promise<void> {
    const release = await releaseAt(this.#deps.upstream).catch(() => undefined)
    this.#believedUntil = this.#deps.clock() + (release === undefined ? RETRY_MS : BELIEVED_MS)
    if (release === undefined || release === this.#release) return
    this.#release = release
    const detected = catalogueFor(release)
    this.#catalogue = detected.catalogue
    this.#deps.onRelease(detected)
  }
}

async function releaseAt(upstream: string): Promise<string | undefined> {
  const { status, text } = await httpRequest(`${upstream.replace(/\/$/, '')}/version`, {
    method: 'GET',
    timeoutMs: TIMEOUT_MS,
  })
  return releaseIn(status, text)
}
