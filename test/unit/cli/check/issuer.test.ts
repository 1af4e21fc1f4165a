import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { GATEWAY_CLIENT } from '../../../../infra/issuer/clients.ts'
import { startIssuer } from '../../../../infra/issuer/issuer.ts'
import { issuerErrors, issuerWarnings } from '../../../../src/cli/check/issuer.ts'
import { onlineErrors } from '../../../../src/cli/check/online.ts'
import type { CheckError } from '../../../../src/shared/settings/load-settings.ts'
import { configOf, keycloak, type Parts, PUBLIC_URL, type Replies, startFake } from './kit.ts'

const METADATA = '/.well-known/openid-configuration'

async function errorsFor(t: TestContext, replies: (origin: string) => Replies, parts: Parts = {}) {
  const url = await startFake(t, (origin) => ({ ...keycloak(origin), ...replies(origin) }))
  return issuerErrors(configOf({ ...parts, issuer: { url, ...parts.issuer } }))
}

/** The metadata with some members changed; undefined removes one. */
const metadata = (origin: string, changes: object) => {
  const reply = keycloak(origin)[METADATA]
  return { [METADATA]: { body: { ...Object(Reflect.get(Object(reply), 'body')), ...changes } } }
}

const summary = (errors: readonly CheckError[]) => errors.map(({ path, got }) => `${path}: ${got}`)

test('an issuer that accepts client, secret and redirect URI has no errors', async (t) => {
  assert.deepEqual(await errorsFor(t, () => ({})), [])
})

test('the client proves itself as configured, and with a code that was never issued', async (t) => {
  const seen: string[] = []
  const token: Replies[string] = (request, body) => {
    seen.push(`${request.headers.authorization ?? 'no header'} ${body}`)
    return { status: 400, body: { error: 'invalid_grant' } }
  }
  const issuer = { clientId: 'a:b', clientSecret: 'ü:x-and-more' }
  await errorsFor(t, () => ({ 'POST /token': token }), { issuer })
  await errorsFor(t, () => ({ 'POST /token': token }), { issuer: { clientAuthentication: 'client_secret_post' } })
  const basic = Buffer.from('a%3Ab:%C3%BC%3Ax%2Dand%2Dmore').toString('base64')
  assert.match(
    seen[0] ?? '',
    new RegExp(`^Basic ${basic.replaceAll('+', '\\+')} grant_type=authorization_code&code=check`),
  )
  assert.match(seen[1] ?? '', /^no header .*&client_id=gateway&client_secret=the-client-secret$/)
})

const WRONG_CLIENT: [string, number, string, string][] = [
  ['a wrong secret', 401, 'invalid_client', 'issuer.clientSecret'],
  ['a wrong secret, as Keycloak reports it', 401, 'unauthorized_client', 'issuer.clientSecret'],
  ['a client without the code flow', 400, 'unauthorized_client', 'issuer.clientId'],
  ['a token endpoint without the code flow', 400, 'unsupported_grant_type', 'issuer.clientId'],
  ['a token endpoint that fails', 500, 'server_error', 'issuer.url'],
]
for (const [name, status, error, path] of WRONG_CLIENT) {
  test(`${name} is an error of ${path}`, async (t) => {
    const errors = await errorsFor(t, () => ({ 'POST /token': { status, body: { error } } }))
    assert.deepEqual(
      errors.map((each) => each.path),
      [path],
    )
    assert.match(errors[0]?.got ?? '', new RegExp(`${error} \\(status ${status}\\)`))
    assert.ok(errors[0]?.hint)
    assert.doesNotMatch(JSON.stringify(errors), /the-client-secret/)
  })
}

for (const error of ['invalid_grant', 'invalid_request', 'access_denied']) {
  test(`\`${error}\` means that the client was authenticated`, async (t) => {
    assert.deepEqual(await errorsFor(t, () => ({ 'POST /token': { status: 400, body: { error } } })), [])
  })
}

test('a redirect URI that the issuer refuses is an error that names it', async (t) => {
  const page = '<p>Invalid parameter: redirect_uri</p>'
  const errors = await errorsFor(t, () => ({ '/auth': { status: 400, body: page } }))
  assert.deepEqual(summary(errors), ['server.publicUrl: an error page (status 400)'])
  assert.match(errors[0]?.hint ?? '', new RegExp(`Add ${PUBLIC_URL}/auth/callback to the redirect URIs`))
})

test('an issuer that shows the refusal with status 200 is understood', async (t) => {
  const page = 'AADSTS50011: The redirect URI specified in the request does not match'
  assert.equal((await errorsFor(t, () => ({ '/auth': { body: page } })))[0]?.path, 'server.publicUrl')
})

test('a client that the issuer does not know is not reported as a redirect URI', async (t) => {
  const errors = await errorsFor(t, () => ({ '/auth': { status: 400, body: '<p>Client not found.</p>' } }))
  assert.equal(errors[0]?.path, 'issuer.clientId')
})

test('the login page of an issuer that ignores `prompt=none` is no error', async (t) => {
  const login = { status: 302, headers: { location: '/login?continue=1' } }
  assert.deepEqual(await errorsFor(t, () => ({ '/auth': login })), [])
  assert.deepEqual(await errorsFor(t, () => ({ '/auth': { body: '<form>Sign in</form>' } })), [])
})

for (const [error, path] of [
  ['invalid_scope', 'issuer.scopes'],
  ['unauthorized_client', 'issuer.clientId'],
  ['unsupported_response_type', 'issuer.clientId'],
]) {
  test(`\`${error}\` on the redirect URI is an error of ${path}`, async (t) => {
    const location = `${PUBLIC_URL}/auth/callback?error=${error}&state=check`
    const errors = await errorsFor(t, () => ({ '/auth': { status: 302, headers: { location } } }))
    assert.deepEqual(summary(errors), [`${path}: ${error} from the authorization endpoint`])
  })
}

test('another site that begins like the redirect URI does not count as it', async (t) => {
  const location = `${PUBLIC_URL}.evil.example/auth/callback?error=invalid_scope`
  assert.deepEqual(await errorsFor(t, () => ({ '/auth': { status: 302, headers: { location } } })), [])
})

test('metadata that is missing, of another issuer or incomplete is an error, and nothing else is asked', async (t) => {
  assert.deepEqual(summary(await errorsFor(t, () => ({ [METADATA]: { status: 404 } }))), ['issuer.url: status 404'])
  assert.equal((await errorsFor(t, () => ({ [METADATA]: { body: '<html>' } })))[0]?.got, 'a page without metadata')
  const other = await errorsFor(t, (origin) => metadata(origin, { issuer: 'https://sso.example/realms/other' }))
  assert.match(other[0]?.expected ?? '', /"https:\/\/sso\.example\/realms\/other"/)
  const incomplete = await errorsFor(t, (origin) => metadata(origin, { token_endpoint: undefined }))
  assert.match(incomplete[0]?.expected ?? '', /metadata with token_endpoint/)
  const script = await errorsFor(t, (origin) => metadata(origin, { end_session_endpoint: 'javascript:alert(1)' }))
  assert.deepEqual(summary(script), ['issuer.url: javascript'])
  assert.match(script[0]?.expected ?? '', /https as end_session_endpoint/)
})

test('an issuer without PKCE is an error, unless the configuration allows it', async (t) => {
  const without = (origin: string) => metadata(origin, { code_challenge_methods_supported: undefined })
  assert.equal((await errorsFor(t, without))[0]?.path, 'issuer.requirePkce')
  assert.deepEqual(await errorsFor(t, without, { issuer: { requirePkce: false } }), [])
})

test('groups claim and scopes that the metadata does not list are warnings', async (t) => {
  const warningsFor = async (changes: object) => {
    const url = await startFake(t, (origin) => ({ ...keycloak(origin), ...metadata(origin, changes) }))
    return (await issuerWarnings(configOf({ issuer: { url } }))).map(({ path }) => path)
  }
  assert.deepEqual(await warningsFor({}), [])
  assert.deepEqual(await warningsFor({ claims_supported: ['sub', 'email'] }), ['issuer.groupsClaim'])
  assert.deepEqual(await warningsFor({ scopes_supported: ['openid'] }), ['issuer.scopes'])
  assert.deepEqual(await warningsFor({ claims_supported: undefined, scopes_supported: undefined }), [])
})

test('levels of routes that the issuer does not announce are warnings', async (t) => {
  const route = { name: 'app', app: 'generic', path: '/app', upstream: 'http://127.0.0.1:1', access: 'login' }
  for (const [acr, supported, expected] of [
    [['gold'], ['0', '1'], ['routes.0.acr']],
    [['gold', '1'], ['0', '1'], []],
    [['gold'], undefined, []],
    [undefined, ['0', '1'], []],
  ] as const) {
    const changes = { acr_values_supported: supported }
    const url = await startFake(t, (origin) => ({ ...keycloak(origin), ...metadata(origin, changes) }))
    const config = configOf({ issuer: { url }, routes: [{ ...route, ...(acr && { acr: [...acr] }) }] })
    assert.deepEqual(
      (await issuerWarnings(config)).map(({ path }) => path),
      expected,
    )
  }
})

test('the service user of a core API is checked as a client of its own', async (t) => {
  const token: Replies[string] = (request, body) => {
    const isService = body.includes('client_credentials')
    if (isService && !request.headers.authorization?.endsWith(Buffer.from('service:right').toString('base64')))
      return { status: 401, body: { error: 'invalid_client' } }
    return { status: isService ? 200 : 400, body: isService ? { access_token: 'x' } : { error: 'invalid_grant' } }
  }
  const withSecret = (clientSecret: string) =>
    errorsFor(t, () => ({ 'POST /token': token }), {
      projects: { source: 'core', url: 'http://127.0.0.1:1', clientId: 'service', clientSecret },
    })
  assert.deepEqual(await withSecret('right'), [])
  assert.deepEqual(summary(await withSecret('wrong')), [
    'projects.clientSecret: invalid_client (status 401) from the token endpoint',
  ])
})

test('an issuer that does not respond is one error', async () => {
  const errors = await onlineErrors(configOf({}))
  const issuer = errors.filter(({ path }) => path.startsWith('issuer'))
  assert.deepEqual(summary(issuer), ['issuer.url: connection refused (ECONNREFUSED)'])
})

test('the embedded issuer accepts what it knows, and a wrong secret or redirect URI is found', async (t) => {
  const issuer = await startIssuer({ gatewayUrls: [PUBLIC_URL] })
  t.after(() => issuer.close())
  const errorsWith = (changes: object) =>
    issuerErrors(
      configOf({
        issuer: { url: issuer.url, clientId: GATEWAY_CLIENT.id, clientSecret: GATEWAY_CLIENT.secret, ...changes },
      }),
    )
  assert.deepEqual(await errorsWith({}), [])
  const wrongSecret = await errorsWith({ clientSecret: 'not-the-secret' })
  assert.deepEqual(
    wrongSecret.map(({ path }) => path),
    ['issuer.clientSecret'],
  )
  const unknown = (await errorsWith({ clientId: 'nobody' })).map(({ path }) => path)
  assert.ok(unknown.includes('issuer.clientSecret'), unknown.join())
})

test('a redirect URI that the embedded issuer does not know is found', async (t) => {
  const issuer = await startIssuer({ gatewayUrls: ['https://other.example'] })
  t.after(() => issuer.close())
  const client = { clientId: GATEWAY_CLIENT.id, clientSecret: GATEWAY_CLIENT.secret }
  const errors = await issuerErrors(configOf({ issuer: { url: issuer.url, ...client } }))
  assert.deepEqual(
    errors.map(({ path }) => path),
    ['server.publicUrl'],
  )
})
