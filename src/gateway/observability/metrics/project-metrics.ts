import type { Instruments } from './instruments.ts'
import { type FinishedRequest, statusClass } from './request-metrics.ts'
import type { Count } from './series.ts'

export interface ProjectLabelSettings {
  /** What becomes the label: names change and are easy to read, IDs stay. */
  readonly projectLabel: 'name' | 'id' | 'off'
  /** Projects with a series of their own. */
  readonly projectLabelLimit: number
}

/** The series of one label value. */
interface ProjectSeries {
  readonly label: string
  /** Projects that have this label: two for a moment, when one takes the name that another one had. */
  holders: number
  readonly received: Count
  readonly sent: Count
  readonly seconds: Count
  /** By route and class of the status. */
  readonly requests: Map<string, { readonly labels: RequestLabels; readonly count: Count }>
}

type RequestLabels = Readonly<Record<'project' | 'route' | 'status', string>>
type Project = NonNullable<FinishedRequest['project']>

const OTHER = 'other'

/**
 * What each project uses. The first projects that send requests get series of their own, up to the limit; all others
 * share `other`. A renamed project takes its place along, so that names cannot grow without bound.
 */
export class ProjectMetrics {
  readonly #requests
  readonly #received
  readonly #sent
  readonly #seconds
  readonly #byId = new Map<string, ProjectSeries>()
  readonly #byLabel = new Map<string, ProjectSeries>()
  #settings: ProjectLabelSettings = { projectLabel: 'off', projectLabelLimit: 0 }

  constructor(instruments: Instruments) {
    this.#requests = instruments.counter('modelops_gateway_project_requests_total')
    this.#received = instruments.counter('modelops_gateway_project_request_body_bytes_total')
    this.#sent = instruments.counter('modelops_gateway_project_response_body_bytes_total')
    this.#seconds = instruments.counter('modelops_gateway_project_request_seconds_total')
  }

  /** Follows the configuration. Another setting begins anew: no name stays after the labels were switched off. */
  configure(settings: ProjectLabelSettings): void {
    const { projectLabel, projectLabelLimit } = this.#settings
    if (settings.projectLabel === projectLabel && settings.projectLabelLimit === projectLabelLimit) return
    this.#settings = settings
    for (const series of this.#byLabel.values()) this.#remove(series)
    this.#byId.clear()
  }

  /** @param project The project of the decision, never one that a client merely names */
  finished(project: Project, { route = 'none', status = 0, seconds, receivedBytes, sentBytes }: FinishedRequest): void {
    if (this.#settings.projectLabel === 'off') return
    const series = this.#seriesOf(project)
    series.received.inc(receivedBytes)
    series.sent.inc(sentBytes)
    series.seconds.inc(seconds)
    this.#requestsOf(series, route, status).inc()
  }

  #seriesOf({ id, name }: Project): ProjectSeries {
    const { projectLabel, projectLabelLimit } = this.#settings
    const label = projectLabel === 'id' ? id : name
    const known = this.#byId.get(id)
    if (known?.label === label) return known
    if (known === undefined && this.#byId.size >= projectLabelLimit) return this.#labelled(OTHER)
    const series = this.#labelled(label)
    series.holders += 1
    this.#byId.set(id, series)
    if (known) this.#release(known)
    return series
  }

  #labelled(label: string): ProjectSeries {
    const known = this.#byLabel.get(label)
    if (known) return known
    const project = { project: label }
    const made = {
      ...{ label, holders: 0, requests: new Map() },
      received: this.#received.labels(project),
      sent: this.#sent.labels(project),
      seconds: this.#seconds.labels(project),
    }
    this.#byLabel.set(label, made)
    return made
  }

  #requestsOf({ label, requests }: ProjectSeries, route: string, status: number): Count {
    const key = `${Math.trunc(status / 100)} ${route}`
    const known = requests.get(key)
    if (known) return known.count
    const labels = { project: label, route, status: statusClass(status) }
    const count = this.#requests.labels(labels)
    requests.set(key, { labels, count })
    return count
  }

  #release(series: ProjectSeries): void {
    series.holders -= 1
    if (series.holders === 0 && series.label !== OTHER) this.#remove(series)
  }

  #remove({ label, requests }: ProjectSeries): void {
    this.#byLabel.delete(label)
    for (const series of [this.#received, this.#sent, this.#seconds]) series.remove({ project: label })
    for (const { labels } of requests.values()) this.#requests.remove(labels)
  }
}
