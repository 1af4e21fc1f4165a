import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stringify } from 'yaml'
import * as z from 'zod'
import { coreConfigSchema, parseCoreConfig } from '../../../src/core-api/config.ts'
import { parseConfig } from '../../../src/gateway/config/load.ts'
import { configSchema } from '../../../src/gateway/config/schema.ts'
import { isSecretName } from '../../../src/shared/settings/errors/describe-value.ts'
import { ConfigurationError } from '../../../src/shared/settings/field-errors.ts'
import {
  childOf,
  fieldsOf,
  metadataOf,
  type Path,
  unwrap,
  variantsOf,
} from '../../../src/shared/settings/schema-walk.ts'

interface Field {
  readonly path: Path
  readonly isSecret: boolean
  /** Its keys are any names, so they are no mistakes. */
  readonly hasOwnKeys: boolean
}

/** Every path of a schema, with `0` and `key` for entries of lists and maps, and whether its value is secret. */
function pathsOf(schema: z.ZodType, path: Path = [], isSecret = false): Field[] {
  const bare = unwrap(schema)
  const secret = isSecret || metadataOf(schema).secret === true || isSecretName(path.at(-1) ?? '')
  const own = path.length > 0 ? [{ path, isSecret: secret, hasOwnKeys: bare instanceof z.ZodRecord }] : []
  if (bare instanceof z.ZodArray || bare instanceof z.ZodRecord) {
    const key = bare instanceof z.ZodArray ? '0' : 'key'
    return [...own, ...pathsOf(childOf(bare, key, undefined) as z.ZodType, [...path, key], secret)]
  }
  const mappings = bare instanceof z.ZodObject ? [bare] : variantsOf(bare)
  const fields = mappings.flatMap((mapping) => Object.entries(fieldsOf(mapping, undefined)))
  return [...own, ...fields.flatMap(([name, field]) => pathsOf(field, [...path, name], secret))]
}

const at = (path: Path, value: unknown): unknown =>
  path.reduceRight<unknown>((inner, key) => (key === '0' ? [inner] : { [key]: inner }), value)

const NEEDLE = 'needle7261'
const NUMBER = 72_617_261
const KEYS = { [NEEDLE]: null, [String(NUMBER)]: null }
const values: [string, unknown][] = [
  ['a string', NEEDLE],
  ['a number', NUMBER],
  ['a fraction', NUMBER + 0.5],
  ['a string that looks like a URL', `https://user:${NEEDLE}/x@db.example/core?password=${NEEDLE}`],
  ['a JDBC URL', `jdbc:teradata://db.example/USER=u,PASSWORD=${NEEDLE}`],
  ['a connection string', `host=db user=u password=${NEEDLE}`],
  ['a list', [NEEDLE, NUMBER]],
  ['a mapping', { key: NEEDLE, other: NUMBER }],
  ['a mapping of keys without values', KEYS],
  ['several lines', `a\n${NEEDLE}`],
]

function errorsOf(parse: () => unknown): string {
  try {
    parse()
    return ''
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, String(error))
    return `${error.report()}\n${error.message}\n${JSON.stringify(error.errors)}`
  }
}

const schemas: [string, z.ZodType, (text: string) => unknown][] = [
  ['core API', coreConfigSchema, (text) => parseCoreConfig(text, 'core.yaml', {})],
  ['gateway', configSchema, (text) => parseConfig(text, 'gateway.yaml', {})],
]
for (const [name, schema, parse] of schemas) {
  const all = pathsOf(schema)
  const secrets = all.filter(({ isSecret }) => isSecret).map(({ path }) => path)
  const isAbove = (path: Path) => secrets.some((secret) => path.every((key, depth) => secret[depth] === key))

  test(`the ${name} has secret fields`, () => assert.ok(secrets.length >= 3, String(secrets)))

  for (const [what, value] of values)
    test(`no error of the ${name} shows a secret that is ${what}, wherever it is in place of one`, () => {
      for (const { path, hasOwnKeys } of all.filter((each) => each.isSecret || isAbove(each.path))) {
        if (hasOwnKeys && value === KEYS) continue
        for (const text of [stringify(at(path, value)), JSON.stringify(at(path, value))]) {
          const shown = errorsOf(() => parse(text))
          assert.ok(!shown.includes(NEEDLE) && !shown.includes(String(NUMBER)), `${path.join('.')}: ${shown}`)
        }
      }
    })

  const credentials = values.filter(([, value]) => typeof value === 'string' && /[@=]/.test(value))
  test(`no error of the ${name} shows a URL or connection string with a password, in any field`, () => {
    for (const { path } of all)
      for (const [, value] of credentials)
        for (const text of [stringify(at(path, value)), JSON.stringify(at(path, value))])
          assert.ok(!errorsOf(() => parse(text)).includes(NEEDLE), `${path.join('.')}: ${errorsOf(() => parse(text))}`)
  })
}
