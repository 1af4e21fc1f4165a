import { parseDocument } from 'yaml'
import { parseConfig } from '../../../src/gateway/config/load.ts'
import { ConfigurationError } from '../../../src/shared/settings/field-errors.ts'
import { type FuzzTarget, must } from '../engine/target.ts'

/** Stands in inputs for a secret. */
const HOLE = '@SECRET@'
const SECRET = 'zQ7vK9mB2xR4tW6yN8pL1sD3fG5hJ0cX'
const FROM_ENVIRONMENT = 'eN4vWq8sZ1xC7bT5yU3iO9pA2dF6gHmK'
const SECRET_NAME = /secret|password|token|privatekey|credential/i
/** Where a secret is one text: a mapping in its place has keys that are no names. */
const SECRET_SCALAR = /^\.issuer\.clientSecret$|^\.session\.secrets\.\d+$/
/** Lines that begin with the key of a secret: what a broken file shows of them is for the gateway to hide. */
const SECRET_LINE = /^\s*(?:- )*["']?\w*(?:secret|password|token|credential)s?["']?\s*:\s*\S*@SECRET@/i

/** Whether a secret is only where secrets belong, so that no message may show it. */
function isHidden(text: string): boolean {
  if (!text.includes(HOLE)) return false
  const document = parseDocument(text, { logLevel: 'silent' })
  if (document.errors.length > 0)
    return text
      .split('\n')
      .every(
        (line) =>
          !line.includes(HOLE) ||
          (SECRET_LINE.test(line) && line.split(HOLE).length === 2 && line.split(':').length === 2),
      )
  try {
    return belongs(document.toJS({ maxAliasCount: 20 }), '')
  } catch {
    return false
  }
}

function belongs(value: unknown, path: string): boolean {
  if (typeof value === 'string') return !value.includes(HOLE) || SECRET_NAME.test(path)
  if (value === null || typeof value !== 'object') return true
  return Object.entries(value).every(
    ([key, each]) => (!key.includes(HOLE) || SECRET_SCALAR.test(path)) && belongs(each, `${path}.${key}`),
  )
}

const BASE = `server:
  publicUrl: https://o.example
issuer:
  url: https://sso.example/realms/a
  clientId: gateway
  clientSecret: ${HOLE}
session:
  secrets: ["${HOLE}"]
access:
  adminGroup: modelops-admins
projects:
  source: static
  list:
    - { id: 11111111-1111-4111-8111-111111111111, name: alpha, groups: [a] }
routes:
  - name: mlflow
    app: mlflow
    path: /mlflow
    upstream: http://127.0.0.1:5000
    access: project
`

export const target: FuzzTarget = {
  seeds: [
    BASE,
    BASE.replace(HOLE, '${env:FUZZ_SECRET}'),
    `${BASE}cookie: { sameSite: none, partitioned: true }\nlimits:\n  bodyBytes: 1\ncors: { allowedOrigins: ["https://ui.example"] }\n`,
    `session:\n  secrets:\n    - &a ${HOLE}\n    - *a\n  store: redis://user:${HOLE}@redis:6379/0\n`,
    'issuer: { clientSecret: ${env:FUZZ_SECRET}, clientSecrets: x, url: "http://${env:FUZZ_SECRET}/" }\nextra: ${env:MISSING}\n',
    'a: [1, 2\nb: }\n',
    `issuer:\n  clientSecret: "${HOLE}\n  url: x\n`,
  ],
  dictionary: [
    HOLE,
    '${env:FUZZ_SECRET}',
    '${env:MISSING}',
    '${file:/nowhere}',
    ': ',
    '\n',
    '\n  ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '|\n',
    '>-\n',
    '&a ',
    '*a',
    '!!binary ',
    '!!str ',
    '<<: ',
    '? ',
    '#',
    '\t',
    '%YAML 1.1\n',
    '---\n',
    '...\n',
    'null',
    'true',
    '1e3',
  ],
  invariants: [
    'a configuration, deeply frozen, or a ConfigurationError with an error in it: nothing else',
    'no message, and no excerpt of the file, contains a secret that is where secrets belong',
    'or the value of an environment variable',
  ],
  check(input) {
    const text = input.toString('utf8')
    const filled = text.replaceAll(HOLE, SECRET)
    const warnings: string[] = []
    const { emitWarning } = process
    process.emitWarning = (text: string | Error) => void warnings.push(String(text))
    try {
      const config = parseConfig(
        filled,
        'fuzz.yaml',
        { FUZZ_SECRET: FROM_ENVIRONMENT },
        { warn: (message) => warnings.push(message) },
      )
      must(Object.isFrozen(config) && Object.isFrozen(config.routes), 'a configuration is frozen')
      checkText(warnings.join('\n'), text)
      return true
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      must(error.errors.length > 0, 'an error has errors')
      checkText(`${error.message}\n${error.report()}\n${JSON.stringify(error.errors)}\n${warnings.join('\n')}`, text)
      return false
    } finally {
      process.emitWarning = emitWarning
    }
  },
}

function checkText(shown: string, text: string): void {
  must(!shown.includes(FROM_ENVIRONMENT), 'no value of a variable is shown', () => shown)
  must(!shown.includes(SECRET) || !isHidden(text), 'no secret is shown', () => shown)
}
