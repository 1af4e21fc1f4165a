import { createServer } from 'node:http'

/** `sink.ts SOCKET`, or a port instead: reads each request to its end, then answers. */
createServer((request, response) => {
  request.on('data', () => {})
  request.on('end', () => response.end())
}).listen(process.argv[2])
