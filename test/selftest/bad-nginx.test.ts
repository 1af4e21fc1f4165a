import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Background, startBackground } from '../../infra/parts/background.ts'
import { send } from '../../src/cli/selftest/wire/send.ts'
import { type Deployment, startDeployment } from './deployment.ts'
import { idsOf, reportOf } from './run-selftest.ts'

/** A real nginx with mistakes that its own directives make easy. Each finding names the directive that causes it. */
let deployment: Deployment
let nginx: Background

const FINDINGS = {
  'ssl_protocols TLSv1 TLSv1.1': ['tls-version-1-0', 'tls-version-1-1'],
  'server_tokens on': ['headers-version'],
  'stub_status for everybody': ['leaks-files'],
  'a location that leads to the admin listener': ['leaks-metrics'],
  'proxy_hide_header Content-Security-Policy': ['headers-content-security-policy', 'headers-frame-ancestors'],
  'proxy_cookie_flags nosecure nohttponly': ['cookies-http-only', 'cookies-prefix', 'cookies-secure'],
  'proxy_set_header Origin ""': ['csrf-origins', 'csrf-same-site', 'csrf-sign-out'],
  'auth_request without proxy_set_header for identity': ['identity-upstream-credentials', 'identity-upstream-headers'],
  'underscores_in_headers on': ['identity-upstream-underscore'],
  'no proxy_set_header Proxy ""': ['identity-upstream-proxy'],
}

before(async () => {
  deployment = await startDeployment(['127.0.0.1/32'])
  nginx = await startNginx(deployment)
})
after(async () => {
  await nginx?.close()
  await deployment?.close()
})

async function startNginx({ folder, port, gateway, upstream, certificate }: Deployment): Promise<Background> {
  const file = join(folder, 'nginx.conf')
  writeFileSync(
    file,
    `daemon off; pid ${folder}/nginx.pid; error_log stderr; events {}
http {
  access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server_tokens on;
  underscores_in_headers on;
  server {
    listen 127.0.0.1:${port} ssl; server_name localhost;
    ssl_certificate ${certificate.cert}; ssl_certificate_key ${certificate.key};
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers DEFAULT@SECLEVEL=0;
    proxy_http_version 1.1;
    location = /nginx_status { stub_status; }
    location = /metrics { proxy_pass ${gateway.adminUrl}; }
    location = /ask {
      internal;
      proxy_pass ${gateway.url}/auth/verify?for=nginx;
      proxy_pass_request_body off; proxy_set_header Content-Length "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Proto https; proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Method $request_method; proxy_set_header X-Forwarded-Uri $request_uri;
    }
    location ~ ^/(auth/|healthz|readyz) {
      proxy_pass ${gateway.url};
      proxy_set_header Host $http_host;
      proxy_set_header Origin ""; proxy_set_header Sec-Fetch-Site "";
      proxy_hide_header Content-Security-Policy;
      proxy_cookie_flags ~ nosecure nohttponly;
    }
    location / {
      auth_request /ask;
      proxy_pass ${upstream.url};
    }
  }
}
`,
  )
  const request = `GET /auth/client-config HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`
  return startBackground({
    ...{ name: 'nginx', command: 'nginx', args: ['-c', file, '-p', folder], logFile: join(folder, 'nginx.log') },
    async readyUrl() {
      const received = await send({ host: 'localhost', port, tls: true }, request)
      return received.kind === 'response' && received.first.status === 200
    },
    readySeconds: 30,
  })
}

test('a real nginx with ten mistakes: every one is found', async () => {
  const { options, accounts, unreachable } = deployment
  const closed = ['--upstream', `localhost:${unreachable}`, '--admin', `localhost:${unreachable}`]
  const report = await reportOf([...options, ...accounts.cookie, ...closed])
  const failed = idsOf(report, 'fail')
  for (const [mistake, ids] of Object.entries(FINDINGS))
    for (const id of ids) assert.ok(failed.includes(id), `${mistake}: ${id}\n${JSON.stringify(failed)}`)
  const known: string[] = Object.values(FINDINGS).flat()
  assert.deepEqual(
    failed.filter((id) => !known.includes(id)),
    [],
  )
})
