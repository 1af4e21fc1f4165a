/** What a route reads of a request, as the catalogue writes it. Classes are explained in `infra/mlflow/catalogue`. */
export interface RequestEntry {
  readonly path?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** Names that the handler looks up by itself: in the query of a GET or of raw bytes, else in a JSON body. */
  readonly fields?: Readonly<Record<string, string>>
  /** Shape of the query. */
  readonly query?: string
  /** Shape of the JSON body. */
  readonly body?: string
  /** The body is bytes of the caller's: it is not read. */
  readonly raw?: boolean
}

export type FieldClass = 'workspace' | 'checked' | 'derived' | 'path' | 'refused' | 'removed' | 'plain'

/** A field of a request, under every name by which MLflow finds it. */
export interface Field {
  readonly name: string
  readonly fieldClass: FieldClass
  /** What the value identifies, e.g. `run`; undefined for a text. */
  readonly kind: string | undefined
  /** The fields of a message. */
  readonly nested: Shape | undefined
}

export interface Shape {
  readonly name: string
  readonly fields: ReadonlyMap<string, Field>
}

export interface RequestFields {
  readonly path: Readonly<Record<string, string>>
  readonly query: Shape
  /** Undefined: the body is bytes. */
  readonly body: Shape | undefined
}

/** What the gateway can do with a field outside a JSON body. */
const OUTSIDE_BODY: ReadonlySet<string> = new Set(['workspace', 'plain', 'path'])
const CLASSES: ReadonlySet<string> = new Set<FieldClass>([
  ...(['workspace', 'checked', 'derived', 'path', 'refused', 'removed', 'plain'] as const),
])

/**
 * Compiles the requests of a catalogue, by line.
 * @throws Error for a class that nothing enforces: such a catalogue must not be used
 */
export function compileRequests(
  entries: Readonly<Record<string, RequestEntry>>,
  shapes: Readonly<Record<string, Readonly<Record<string, string>>>>,
): ReadonlyMap<string, RequestFields> {
  const known = new Map<string, Shape>()
  const compiled = new Map<string, RequestFields>()
  for (const [line, entry] of Object.entries(entries)) {
    const outside = [entry.path, entry.headers].flatMap((part) => Object.entries(part ?? {}))
    for (const [name, text] of outside) checkOutside(line, name, text)
    const ofQuery = line.startsWith('GET ') || entry.raw === true
    const query = shapeOf(line, ofQuery ? entry.fields : undefined, entry.query, shapes, known)
    for (const { name, fieldClass } of query.fields.values()) checkOutside(line, name, fieldClass)
    const body = entry.raw ? undefined : shapeOf(line, ofQuery ? undefined : entry.fields, entry.body, shapes, known)
    compiled.set(line, { path: entry.path ?? {}, query, body })
  }
  return compiled
}

function checkOutside(line: string, name: string, text: string): void {
  if (!OUTSIDE_BODY.has(text.split(' ')[0] as string))
    throw new Error(`${line}: ${name}: expected a field of a JSON body, got a ${text} outside of it`)
}

type ShapeTexts = Readonly<Record<string, Readonly<Record<string, string>>>>

function shapeOf(
  line: string,
  fields: Readonly<Record<string, string>> | undefined,
  shape: string | undefined,
  shapes: ShapeTexts,
  known: Map<string, Shape>,
): Shape {
  const named = shape === undefined ? undefined : compileShape(shape, shapes, known)
  if (named && fields === undefined) return named
  const all = new Map(named?.fields)
  for (const [name, text] of Object.entries(fields ?? {})) all.set(name, compileField(name, text, shapes, known))
  return { name: named?.name ?? line, fields: all }
}

function compileShape(name: string, shapes: ShapeTexts, known: Map<string, Shape>): Shape {
  const compiled = known.get(name)
  if (compiled) return compiled
  const fields = new Map<string, Field>()
  const shape = { name, fields }
  known.set(name, shape)
  for (const [field, text] of Object.entries(shapes[name] ?? {})) {
    const entry = compileField(field, text, shapes, known)
    for (const spelling of [field, camelCase(field)]) fields.set(spelling, entry)
  }
  return shape
}

function compileField(name: string, text: string, shapes: ShapeTexts, known: Map<string, Shape>): Field {
  if (text.startsWith('> '))
    return { name, fieldClass: 'plain', kind: undefined, nested: compileShape(text.slice(2), shapes, known) }
  const [fieldClass = '', kind] = text.split(' ')
  if (!isFieldClass(fieldClass)) throw new Error(`${name}: expected a class, got ${text}`)
  return { name, fieldClass, kind, nested: undefined }
}

const isFieldClass = (text: string): text is FieldClass => CLASSES.has(text)

/** Protobuf's JSON name of a field. */
const camelCase = (name: string) => name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
