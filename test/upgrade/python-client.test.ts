import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CI_CLIENT } from '../../infra/issuer/clients.ts'
import { ALPHA } from '../../infra/issuer/users.ts'
import { ensureMlflow } from '../../infra/parts/mlflow.ts'
import { run } from '../../infra/parts/run.ts'
import { ensurePreviousRelease } from '../../infra/release/previous-release.ts'
import { startKit } from '../kit.ts'

const SEND = `
import importlib.metadata, sys
import requests
from modelops_gateway_mlflow.auth_provider import ModelopsAuthProvider
from modelops_gateway_mlflow.project_header import ProjectHeaderProvider

print(importlib.metadata.version("modelops-gateway-mlflow"))
headers = ProjectHeaderProvider().request_headers()
for method in ("GET", "POST"):
    response = requests.request(method, sys.argv[1], auth=ModelopsAuthProvider().get_auth(), headers=headers, timeout=30)
    print(response.status_code)
`

test('the Python package of the previous release signs in and sends requests through this gateway', async () => {
  const [previous, venv] = [await ensurePreviousRelease(), await ensureMlflow()]
  const target = mkdtempSync(join(tmpdir(), 'upgrade-wheel-'))
  const kit = await startKit()
  try {
    const python = join(venv, 'bin', 'python')
    const pip = ['-m', 'pip', 'install', '--no-deps', '--no-input', '--no-index', '--target', target, previous.wheel]
    const installed = await run(python, pip)
    assert.ok(installed.ok, installed.tail)
    const { ok, tail } = await run(python, ['-c', SEND, `${kit.url}/notes/a`], {
      env: {
        PYTHONPATH: target,
        MODELOPS_GATEWAY: kit.url,
        MODELOPS_ISSUER: kit.issuer.url,
        MODELOPS_CLIENT_ID: CI_CLIENT.id,
        MODELOPS_CLIENT_SECRET: CI_CLIENT.secret,
        MODELOPS_PROJECT: ALPHA,
      },
    })
    assert.ok(ok, tail)
    assert.equal(tail, `${previous.version}\n200\n200`)
    const headers = Object.fromEntries(kit.upstream.received.at(-1)?.headers ?? [])
    assert.equal(Object.entries(headers).find(([name]) => /^aoa-project-id$/i.test(name))?.[1], ALPHA)
  } finally {
    await kit.close()
    rmSync(target, { recursive: true })
  }
})
