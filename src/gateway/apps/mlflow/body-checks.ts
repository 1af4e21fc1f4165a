import { Refusal } from '../../errors.ts'
import { AUTHOR_KEY, isAuthorKey, isBookkeeping } from './reserved-keys.ts'
import { isObject, JsonError, type JsonObject, type JsonValue, parseJsonObject, printJson } from './strict-json.ts'

/** Checks one JSON body and corrects it in place. @throws Refusal `body-refused` */
export type BodyCheck = (body: JsonObject, author: string) => void

/**
 * Parses strictly, runs every check and serializes the result.
 * @param author The verified username.
 * @throws Refusal `body-malformed`, `body-refused`
 */
export function checkJsonBody(bytes: Uint8Array, author: string, checks: readonly BodyCheck[]): Buffer {
  const body = parse(bytes)
  for (const check of checks) check(body, author)
  return printJson(body)
}

/** An empty body is an empty object, as MLflow reads it. */
function parse(bytes: Uint8Array): JsonObject {
  if (bytes.length === 0) return {}
  try {
    return parseJsonObject(bytes)
  } catch (error) {
    if (error instanceof JsonError) throw new Refusal('body-malformed', error.message, { explain: error.message })
    throw error
  }
}

const refuse = (explain: string) => new Refusal('body-refused', explain, { explain })

/** Refuses the keys of MLflow's own bookkeeping anywhere in the body: as a name, or as the value of a `key`. */
export const refuseBookkeeping: BodyCheck = (body) => {
  const place = findBookkeeping(body)
  if (place !== undefined) throw refuse(`body${place}: expected no key that MLflow reserves`)
}

/** The path of the first reserved key below `value`; undefined where there is none. Built only when one is found. */
function findBookkeeping(value: JsonValue): string | undefined {
  if (typeof value === 'string') return isBookkeeping(value) ? '' : undefined
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const place = findBookkeeping(value[index] as JsonValue)
      if (place !== undefined) return `[${index}]${place}`
    }
  } else if (isObject(value)) {
    for (const name in value) {
      if (isBookkeeping(name)) return ''
      const place = findBookkeeping(value[name] as JsonValue)
      if (place !== undefined) return `.${name.slice(0, 40)}${place}`
    }
  }
  return undefined
}

/** Replaces every declared author with the verified one: `{key: "mlflow.user", value}` and `{"mlflow.user": value}`. */
export const rewriteAuthor: BodyCheck = (body, author) => rewriteIn(body, author)

function rewriteIn(value: JsonValue, author: string): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) for (const item of value) rewriteIn(item, author)
  else if (isObject(value)) rewriteObject(value, author)
}

function rewriteObject(object: JsonObject, author: string): void {
  if (typeof object.key === 'string' && isAuthorKey(object.key)) {
    object.key = AUTHOR_KEY
    object.value = author
  }
  let declared = false
  for (const name in object) {
    if (!isAuthorKey(name)) rewriteIn(object[name] as JsonValue, author)
    else {
      delete object[name]
      declared = true
    }
  }
  if (declared) object[AUTHOR_KEY] = author
}

/** A new run: field `user_id` in one spelling, and exactly one author tag (the UI shows it as "Created by"). */
export const authorOfRun: BodyCheck = (body, author) => {
  delete body.userId // protobuf's JSON name of the same field
  body.user_id = author
  body.tags = withAuthorTag(body.tags, author)
}

/** A new logged model: one author tag. */
export const authorOfModel: BodyCheck = (body, author) => {
  body.tags = withAuthorTag(body.tags, author)
}

function withAuthorTag(tags: JsonValue | undefined, author: string): JsonValue {
  if (tags !== undefined && tags !== null && !Array.isArray(tags)) return tags // MLflow refuses it
  const others = (tags ?? []).filter((tag) => !(isObject(tag) && typeof tag.key === 'string' && isAuthorKey(tag.key)))
  return [...others, { key: AUTHOR_KEY, value: author }]
}

/** A new trace: its author is in the metadata, a map (`traces` v3) or a list (v2), in either spelling. */
export const authorOfTrace: BodyCheck = (body, author) => {
  const info = isObject(body.trace) ? (body.trace.trace_info ?? body.trace.traceInfo) : undefined
  if (isObject(info)) {
    const name = info.traceMetadata === undefined ? 'trace_metadata' : 'traceMetadata'
    const metadata = info[name] ?? {}
    if (isObject(metadata)) info[name] = Object.assign(metadata, { [AUTHOR_KEY]: author })
  }
  for (const name of ['request_metadata', 'requestMetadata']) {
    if (Array.isArray(body[name])) body[name] = withAuthorTag(body[name], author)
  }
}

/** The author of a run cannot be removed. */
export const keepAuthor: BodyCheck = (body) => {
  if (typeof body.key === 'string' && isAuthorKey(body.key)) throw refuse(`key: expected no ${AUTHOR_KEY}`)
}

/**
 * A registered model's files are read with the server's own credentials. Its source must use a scheme that MLflow itself
 * limits to the workspace; any other scheme reaches every bucket that the server can read.
 */
export const refuseForeignSource: BodyCheck = ({ source }) => {
  if (source === undefined || (typeof source === 'string' && OWN_SOURCE.test(source))) return
  const got = typeof source === 'string' ? `"${source.split(':')[0]?.slice(0, 40)}:"` : 'no text'
  throw refuse(`source: expected mlflow-artifacts:/…, runs:/… or models:/…, got ${got}`)
}
const OWN_SOURCE = /^(?:(?:mlflow-artifacts|runs|models):\/(?!\/)|(?:dummy-source|prompt-template)$)/
