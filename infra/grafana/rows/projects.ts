import { PROJECTS, type Row, rate, sumBy, timeseries } from '../panel.ts'

const OFF = 'observability.projectLabel is off'
const top = (expr: string) => `topk(10, ${expr})`

export const projects: Row = {
  title: 'Projects (observability.projectLabel)',
  panels: [
    timeseries('Requests', 'The ten busiest projects.', 'reqps', [
      {
        expr: top(sumBy('project', rate('modelops_gateway_project_requests_total', PROJECTS))),
        legend: '{{project}}',
        mayBeEmpty: OFF,
      },
    ]),
    timeseries('Errors', 'Requests with a status of 500 or more.', 'reqps', [
      {
        expr: top(sumBy('project', rate('modelops_gateway_project_requests_total', `${PROJECTS},status="5xx"`))),
        legend: '{{project}}',
        mayBeEmpty: 'no request of a project failed',
      },
    ]),
    timeseries('Requests at once', 'Time of requests per second: how many are processed at the same moment.', 'short', [
      {
        expr: top(sumBy('project', rate('modelops_gateway_project_request_seconds_total', PROJECTS))),
        legend: '{{project}}',
        mayBeEmpty: OFF,
      },
    ]),
    timeseries('Bytes received', 'Bodies of requests.', 'Bps', [
      {
        expr: top(sumBy('project', rate('modelops_gateway_project_request_body_bytes_total', PROJECTS))),
        legend: '{{project}}',
        mayBeEmpty: OFF,
      },
    ]),
    timeseries('Bytes sent', 'Bodies of responses.', 'Bps', [
      {
        expr: top(sumBy('project', rate('modelops_gateway_project_response_body_bytes_total', PROJECTS))),
        legend: '{{project}}',
        mayBeEmpty: OFF,
      },
    ]),
  ],
}
