import { type Row, rate, SELECTED, sumBy, timeseries } from '../panel.ts'

export const processes: Row = {
  title: 'Processes',
  panels: [
    timeseries('Processor time', '1 is one processor. With workers: all of them together.', 'short', [
      { expr: rate('process_cpu_seconds_total'), legend: '{{instance}}' },
    ]),
    timeseries('Memory', 'Resident memory. With workers: all of them together.', 'bytes', [
      { expr: `process_resident_memory_bytes{${SELECTED}}`, legend: '{{instance}}' },
    ]),
    timeseries('Delay of the event loop (p99)', 'More than 0.25 s: the process is overloaded.', 's', [
      { expr: `nodejs_eventloop_lag_p99_seconds{${SELECTED}}`, legend: '{{instance}}' },
    ]),
    timeseries('Garbage collection', 'Share of the time.', 'percentunit', [
      { expr: sumBy('instance', rate('nodejs_gc_duration_seconds_sum')), legend: '{{instance}}' },
    ]),
    timeseries('Workers', 'Processes that serve.', 'short', [
      {
        expr: `modelops_gateway_workers{${SELECTED}}`,
        legend: '{{instance}}',
        mayBeEmpty: 'server.workers is 1',
      },
    ]),
    timeseries('Restarts', 'Workers that exited and were replaced, and starts of the whole process.', 'short', [
      {
        expr: `increase(modelops_gateway_worker_restarts_total{${SELECTED}}[$__rate_interval])`,
        legend: '{{instance}} workers',
        mayBeEmpty: 'server.workers is 1',
      },
      { expr: `changes(process_start_time_seconds{${SELECTED}}[$__rate_interval])`, legend: '{{instance}}' },
    ]),
  ],
}
