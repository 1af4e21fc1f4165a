import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkCommand } from '../../../src/cli/check/command.ts'
import { ConfigurationError } from '../../../src/shared/settings/field-errors.ts'

/** `check` of a configuration whose projects file contains one project, and whose Airflow names teams by this key. */
async function check(name: string, projectKey: 'id' | 'name'): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'check-'))
  try {
    const id = '11111111-1111-4111-8111-111111111111'
    writeFileSync(join(dir, 'projects.json'), JSON.stringify([{ id, name, groups: ['g'] }]))
    const airflow = {
      name: 'airflow',
      app: 'airflow',
      path: '/airflow',
      upstream: 'http://127.0.0.1:1',
      access: 'member',
    }
    const config = {
      server: { publicUrl: 'https://o.example' },
      issuer: { url: 'https://sso.example', clientId: 'gateway', clientSecret: 'a client secret' },
      session: { secrets: ['a session secret of 32 bytes or more'] },
      access: { adminGroup: 'modelops-admins' },
      projects: { source: 'file', path: join(dir, 'projects.json') },
      routes: [{ ...airflow, airflow: { projectKey } }],
    }
    const file = join(dir, 'gateway.json')
    writeFileSync(file, JSON.stringify(config))
    await checkCommand().parseAsync(['--config', file], { from: 'user' })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

test('check refuses a project name that no Airflow team can have, in a projects file too', async () => {
  for (const name of ['Team Alpha', 'ab', 'a'.repeat(51), 'alpha/beta']) {
    await assert.rejects(check(name, 'name'), (error) => {
      assert.ok(error instanceof ConfigurationError)
      assert.match(error.errors[0]?.path ?? '', /name$/)
      return true
    })
    await check(name, 'id')
  }
  await check('team-alpha_1', 'name')
})
