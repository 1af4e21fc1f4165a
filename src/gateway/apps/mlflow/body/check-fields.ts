import type { Field, Shape } from '../catalogue/request-fields.ts'
import type { BodyContext } from './body-context.ts'
import { malformed } from './malformed.ts'
import { refused } from './refused.ts'
import { ROLES } from './roles.ts'
import { isObject, isRawNumber, type JsonObject, type JsonValue } from './strict-json.ts'

/**
 * Checks a JSON object by the shape that the catalogue has for it, and corrects it in place: names that MLflow does not
 * read are removed, so are fields that nobody may set.
 * @throws Refusal `body-malformed`, `body-refused`
 */
export function checkFields(object: JsonObject, shape: Shape, context: BodyContext): void {
  const inside = { ...context, trace: traceOf(object, shape) ?? context.trace }
  const seen = new Set<Field>()
  for (const name of Object.keys(object)) {
    const field = shape.fields.get(name)
    if (field === undefined || field.fieldClass === 'removed') delete object[name]
    else {
      // MLflow would take whichever comes last.
      if (seen.has(field)) throw malformed(`body: expected ${field.name} once, got two spellings`)
      seen.add(field)
      checkField(object, name, field, inside)
    }
  }
  ROLES[shape.name]?.(object, inside)
}

function checkField(object: JsonObject, name: string, field: Field, context: BodyContext): void {
  const value = object[name] as JsonValue
  if (field.nested) {
    checkNested(value, field.nested, name, context)
    return
  }
  if (field.kind === 'experiment') object[name] = withDefaultExperiment(value, context.defaultExperiment)
  if (field.fieldClass === 'refused' && idsOf(value, name).length > 0)
    throw refused(`${name}: expected none, MLflow chooses it`)
  if (field.fieldClass === 'path') checkPath(value, field.name, context)
  if (field.fieldClass === 'checked') checkOwned(object, name, field.kind as string, context)
  if (field.fieldClass === 'derived') {
    for (const id of idsOf(value, name)) {
      const otherwise = () => {
        object[name] = context.derive(id, context.trace)
      }
      context.references.push({ kind: field.kind as string, id, trace: context.trace, otherwise })
    }
  }
}

/** A message, or a list of them. MLflow keeps what it has read when the rest is something else, so nothing else passes. */
function checkNested(value: JsonValue, shape: Shape, name: string, context: BodyContext): void {
  for (const item of Array.isArray(value) ? value : [value]) {
    if (isObject(item)) checkFields(item, shape, context)
    else if (item !== null) throw malformed(`${name}: expected an object`)
  }
}

/** The body may repeat the parameter of the path. Which of the two MLflow uses depends on the route. */
function checkPath(value: JsonValue, name: string, { path }: BodyContext): void {
  for (const id of idsOf(value, name))
    if (id !== path[name]) throw refused(`${name}: expected the identifier in the path`)
}

function checkOwned(object: JsonObject, name: string, kind: string, context: BodyContext): void {
  if (kind === BY_ROLE) return
  for (const id of idsOf(object[name] as JsonValue, name)) context.references.push({ kind, id, trace: context.trace })
}

/** Whether this names an issue depends on the rest of its message (`roles.ts`). */
const BY_ROLE = 'issueName'

/** The trace that a message is about: assessments in it belong to no other. */
function traceOf(object: JsonObject, { name }: Shape): string | undefined {
  if (name !== 'TraceInfoV3') return undefined
  const id = object.trace_id ?? object.traceId
  return typeof id === 'string' ? id : undefined
}

/** An identifier, or a list of them. Protobuf reads no identifier from anything else. @throws Refusal `body-malformed` */
function idsOf(value: JsonValue, name: string): string[] {
  if (value === null) return []
  if (Array.isArray(value)) return value.flatMap((item) => idsOf(item, name))
  if (typeof value === 'string') return value === '' ? [] : [value]
  if (typeof value === 'number') return [String(value)]
  if (isRawNumber(value)) return [value.rawJSON]
  throw malformed(`${name}: expected a text`)
}

function withDefaultExperiment(value: JsonValue, id: string | undefined): JsonValue {
  if (id === undefined) return value
  if (Array.isArray(value)) return value.map((item) => withDefaultExperiment(item, id))
  return value === '0' || value === 0 ? id : value
}
