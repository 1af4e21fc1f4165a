import type { IncomingMessage } from 'node:http'

/** True for a WebSocket opening handshake (RFC 6455 §4.1). Every other upgrade is ignored, as RFC 9110 §7.8 allows. */
export const isWebSocket = ({ method, headers }: IncomingMessage) =>
  method === 'GET' &&
  headers.upgrade?.toLowerCase() === 'websocket' &&
  headers['sec-websocket-key'] !== undefined &&
  headers['sec-websocket-version'] === '13'
