import { A, B, type Case, JOB } from './case.ts'

const sink = (values: string, of = A) => ({ [`modelops_gateway_audit_sink_ready{${of},sink="file"}`]: values })
const events = (result: string, values: string) => ({
  [`modelops_gateway_audit_events_total{${A},sink="syslog",result="${result}"}`]: values,
})
const LOST = { job: JOB, sink: 'syslog' }

export const audit: readonly Case[] = [
  {
    alert: 'ModelopsGatewayAuditSinkFailing',
    when: 'when the sink of one replica fails',
    series: { ...sink('1 0x10'), ...sink('1x10', B) },
    at: 6,
    fires: { labels: { job: JOB, sink: 'file' }, value: '1' },
  },
  { alert: 'ModelopsGatewayAuditSinkFailing', when: 'while a file is rotated', series: sink('1 0 1x10'), at: 3 },
  {
    alert: 'ModelopsGatewayAuditEventsLost',
    when: 'at the first lost event',
    series: events('lost', '0x20 1x20'),
    at: 30,
    fires: { labels: LOST, value: '1' },
  },
  {
    alert: 'ModelopsGatewayAuditEventsLost',
    when: 'when a process lost events before its first scrape',
    series: events('lost', '_x20 7x20'),
    at: 25,
    fires: { labels: LOST, value: '7' },
  },
  {
    alert: 'ModelopsGatewayAuditEventsLost',
    when: 'when nothing was lost',
    series: { ...events('lost', '0x40'), ...events('written', '0+60x40') },
    at: 30,
  },
  {
    alert: 'ModelopsGatewayAuditEventsLost',
    when: '15 minutes after the last loss',
    series: events('lost', '0x5 3x40'),
    at: 40,
  },
]
