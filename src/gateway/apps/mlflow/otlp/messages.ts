/**
 * The messages of an OTLP trace export, as much as MLflow reads of them. Both encodings are read by this one table, so
 * that a field which is not listed here reaches MLflow in neither.
 * @see OpenTelemetry Protocol 1.x: collector/trace/v1, trace/v1, resource/v1, common/v1
 */
export interface Message {
  readonly fields: readonly Field[]
  /** Whether at most one field may be present (protobuf `oneof`). */
  readonly oneOf: boolean
}

export interface Field {
  readonly number: number
  /** Name in JSON. */
  readonly name: string
  readonly type: 'varint' | 'fixed64' | 'fixed32' | 'string' | 'bytes' | Message
  readonly repeated: boolean
  /** Set where the text is a key that MLflow turns into a tag of the trace. */
  readonly tagKey?: true
}

const field = (number: number, name: string, type: Field['type'], repeated = false): Field => ({
  number,
  name,
  type,
  repeated,
})
const list = (number: number, name: string, type: Field['type']) => field(number, name, type, true)
const message = (...fields: Field[]): Message => ({ fields, oneOf: false })

// An AnyValue contains arrays and maps of AnyValues: the list of its fields is completed below.
const anyValueFields: Field[] = []
const ANY_VALUE: Message = { fields: anyValueFields, oneOf: true }
const KEY_VALUE = message(field(1, 'key', 'string'), field(2, 'value', ANY_VALUE))
anyValueFields.push(
  field(1, 'stringValue', 'string'),
  field(2, 'boolValue', 'varint'),
  field(3, 'intValue', 'varint'),
  field(4, 'doubleValue', 'fixed64'),
  field(5, 'arrayValue', message(list(1, 'values', ANY_VALUE))),
  field(6, 'kvlistValue', message(list(1, 'values', KEY_VALUE))),
  field(7, 'bytesValue', 'bytes'),
)

/** An attribute of a resource or a span: MLflow makes tags of some. */
const TAG = message({ ...field(1, 'key', 'string'), tagKey: true }, field(2, 'value', ANY_VALUE))

const EVENT = message(
  field(1, 'timeUnixNano', 'fixed64'),
  field(2, 'name', 'string'),
  list(3, 'attributes', KEY_VALUE),
  field(4, 'droppedAttributesCount', 'varint'),
)
const LINK = message(
  field(1, 'traceId', 'bytes'),
  field(2, 'spanId', 'bytes'),
  field(3, 'traceState', 'string'),
  list(4, 'attributes', KEY_VALUE),
  field(5, 'droppedAttributesCount', 'varint'),
  field(6, 'flags', 'fixed32'),
)
const SPAN = message(
  field(1, 'traceId', 'bytes'),
  field(2, 'spanId', 'bytes'),
  field(3, 'traceState', 'string'),
  field(4, 'parentSpanId', 'bytes'),
  field(5, 'name', 'string'),
  field(6, 'kind', 'varint'),
  field(7, 'startTimeUnixNano', 'fixed64'),
  field(8, 'endTimeUnixNano', 'fixed64'),
  list(9, 'attributes', TAG),
  field(10, 'droppedAttributesCount', 'varint'),
  list(11, 'events', EVENT),
  field(12, 'droppedEventsCount', 'varint'),
  list(13, 'links', LINK),
  field(14, 'droppedLinksCount', 'varint'),
  field(15, 'status', message(field(2, 'message', 'string'), field(3, 'code', 'varint'))),
  field(16, 'flags', 'fixed32'),
)
const SCOPE = message(
  field(1, 'name', 'string'),
  field(2, 'version', 'string'),
  list(3, 'attributes', KEY_VALUE),
  field(4, 'droppedAttributesCount', 'varint'),
)
const RESOURCE = message(list(1, 'attributes', TAG), field(2, 'droppedAttributesCount', 'varint'))
const SCOPE_SPANS = message(field(1, 'scope', SCOPE), list(2, 'spans', SPAN), field(3, 'schemaUrl', 'string'))
const RESOURCE_SPANS = message(
  field(1, 'resource', RESOURCE),
  list(2, 'scopeSpans', SCOPE_SPANS),
  field(3, 'schemaUrl', 'string'),
)

export const EXPORT_REQUEST = message(list(1, 'resourceSpans', RESOURCE_SPANS))
