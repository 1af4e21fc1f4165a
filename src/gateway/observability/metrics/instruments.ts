import { Gauge, type Registry } from 'prom-client'
import { type LabelsOf, METRICS, type NameOf } from './catalogue.ts'
import type { MetricDefinition } from './definition.ts'
import { Count, Observer, Series } from './series.ts'

type LabelNames<N extends NameOf<'counter' | 'gauge' | 'histogram'>> = Extract<keyof LabelsOf<N>, string>

/** Makes the metrics of the catalogue in a registry: a name that the catalogue lacks does not compile. */
export class Instruments {
  readonly registry: Registry

  constructor(registry: Registry) {
    this.registry = registry
  }

  counter<N extends NameOf<'counter'>>(name: N): Series<LabelNames<N>, Count> {
    const series = new Series<LabelNames<N>, Count>(name, METRICS[name], () => new Count())
    this.registry.registerMetric(series.metric)
    return series
  }

  histogram<N extends NameOf<'histogram'>>(name: N): Series<LabelNames<N>, Observer> {
    const { buckets } = METRICS[name]
    const series = new Series<LabelNames<N>, Observer>(name, METRICS[name], () => new Observer(buckets))
    this.registry.registerMetric(series.metric)
    return series
  }

  /** @param collect Sets the values when Prometheus asks */
  gauge<N extends NameOf<'gauge'>>(
    name: N,
    collect?: (gauge: Gauge<LabelNames<N>>) => void | Promise<void>,
  ): Gauge<LabelNames<N>> {
    const { help, labels, aggregator = 'sum' }: MetricDefinition = METRICS[name]
    const gauge = new Gauge<LabelNames<N>>({
      name,
      help,
      aggregator,
      labelNames: Object.keys(labels) as LabelNames<N>[],
      registers: [this.registry],
      ...(collect && {
        collect() {
          return collect(this)
        },
      }),
    })
    return gauge
  }
}
