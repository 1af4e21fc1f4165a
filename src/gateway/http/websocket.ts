import type { RequestHead } from './request-head.ts'

/** True for a WebSocket opening handshake (RFC 6455 §4.1). Every other upgrade is ignored, as RFC 9110 §7.8 allows. */
export const isWebSocket = ({
  method,
  headers,
}: { readonly method?: string | undefined } & Pick<RequestHead, 'headers'>) =>
  method === 'GET' &&
  headers.upgrade?.toLowerCase() === 'websocket' &&
  headers['sec-websocket-key'] !== undefined &&
  headers['sec-websocket-version'] === '13'
