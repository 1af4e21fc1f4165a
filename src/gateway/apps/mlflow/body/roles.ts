import type { BodyContext } from './body-context.ts'
import { refused } from './refused.ts'
import { AUTHOR_KEY, isAuthorKey, isBookkeeping, isIssueName } from './reserved-keys.ts'
import { isObject, type JsonObject, type JsonValue } from './strict-json.ts'
import { isPlainTraceId, PLAIN_TRACE_ID } from './trace-id.ts'

/** What a message means beyond its fields: who its author is, and which keys MLflow keeps for itself. */
type Role = (object: JsonObject, context: BodyContext) => void

/** `{key: "mlflow.user", value}` gets the verified author. */
const authorPair: Role = (object, { author }) => {
  if (typeof object.key !== 'string' || !isAuthorKey(object.key)) return
  object.key = AUTHOR_KEY
  object.value = author
}

/** The author cannot be removed. */
const keepAuthor: Role = ({ key }) => {
  if (typeof key === 'string' && isAuthorKey(key)) throw refused(`key: expected no ${AUTHOR_KEY}`)
}

/** A tag of MLflow's bookkeeping cannot be removed; the mark of a failed archival can, so that it is tried again. */
const keepBookkeeping: Role = ({ key }) => {
  if (typeof key === 'string' && isBookkeeping(key) && key !== 'mlflow.trace.archivalFailure')
    throw refused('key: expected no key that MLflow reserves')
}

/** A new object: exactly one author tag. */
const authorTag: Role = (object, { author }) => {
  object.tags = withAuthor(object.tags, author)
}

function withAuthor(pairs: JsonValue | undefined, author: string): JsonValue {
  if (pairs !== undefined && pairs !== null && !Array.isArray(pairs)) return pairs // MLflow refuses it
  const others = (pairs ?? []).filter(
    (pair) => !(isObject(pair) && typeof pair.key === 'string' && isAuthorKey(pair.key)),
  )
  return [...others, { key: AUTHOR_KEY, value: author }]
}

/** The field `user_id`, in one spelling. */
const authorField: Role = (object, { author }) => {
  delete object.userId
  object.user_id = author
}

/** A new run: its field, and its tag, which the UI shows as "Created by". */
const authorOfRun: Role = (object, context) => {
  authorField(object, context)
  authorTag(object, context)
}

/** A new trace, whose ID its client has chosen. */
const newTrace: Role = (info, context) => {
  for (const id of [info.trace_id, info.traceId])
    if (typeof id === 'string' && !isPlainTraceId(id)) throw refused(`trace_id: ${PLAIN_TRACE_ID}`)
  authorOfTrace(info, context)
}

/** Its author is in the metadata, a map. */
const authorOfTrace: Role = (info, { author }) => {
  const name = info.traceMetadata === undefined ? 'trace_metadata' : 'traceMetadata'
  const metadata = info[name] ?? {}
  if (isObject(metadata)) info[name] = { ...withoutAuthor(metadata), [AUTHOR_KEY]: author }
  const { tags } = info
  if (isObject(tags) && Object.keys(tags).some(isAuthorKey))
    info.tags = { ...withoutAuthor(tags), [AUTHOR_KEY]: author }
}

const withoutAuthor = (map: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(map).filter(([name]) => !isAuthorKey(name)))

/** The same in the older API, where the metadata is a list. */
const authorOfOldTrace: Role = (object, { author }) => {
  for (const name of ['request_metadata', 'requestMetadata'])
    if (Array.isArray(object[name])) object[name] = withAuthor(object[name], author)
}

/**
 * The name of an assessment may be an issue: MLflow counts it there, whichever project the issue belongs to. An update
 * does not say what the assessment is, so a name that could be an issue's must be one of the project's. New feedback and
 * expectations may have any name: MLflow does not count them.
 */
const issueOfAssessment: Role = (object, context) => {
  const name = object.assessment_name ?? object.assessmentName
  if (typeof name !== 'string' || name === '') return
  const value = object.feedback ?? object.expectation
  const isNew = context.path.assessment_id === undefined
  if (object.issue !== undefined || (isIssueName(name) && !(isNew && isObject(value))))
    context.references.push({ kind: 'issue', id: name, trace: undefined })
}

/**
 * A registered model's files are read with the server's own credentials. Its source must use a scheme that MLflow itself
 * limits to the workspace; any other scheme reaches every bucket that the server can read.
 */
export const refuseForeignSource: Role = ({ source }) => {
  if (source === undefined || (typeof source === 'string' && OWN_SOURCE.test(source))) return
  const got = typeof source === 'string' ? `"${source.split(':')[0]?.slice(0, 40)}:"` : 'no text'
  throw refused(`source: expected mlflow-artifacts:/…, runs:/… or models:/…, got ${got}`)
}
const OWN_SOURCE = /^(?:(?:mlflow-artifacts|runs|models):\/(?!\/)|(?:dummy-source|prompt-template)$)/

/** By the name of the shape in the catalogue. */
export const ROLES: Readonly<Record<string, Role | undefined>> = {
  CreateRun: authorOfRun,
  CreateLoggedModel: authorTag,
  TraceInfoV3: newTrace,
  StartTrace: authorOfOldTrace,
  EndTrace: authorOfOldTrace,
  RunTag: authorPair,
  SetTag: authorPair,
  LoggedModelTag: authorPair,
  TraceTag: authorPair,
  TraceRequestMetadata: authorPair,
  SetTraceTag: authorPair,
  SetTraceTagV3: authorPair,
  DeleteTag: keepAuthor,
  DeleteTraceTag: keepBookkeeping,
  DeleteTraceTagV3: keepBookkeeping,
  'assessments.Assessment': issueOfAssessment,
  'POST /ajax-api/2.0/mlflow/runs/create-promptlab-run': authorField,
}
