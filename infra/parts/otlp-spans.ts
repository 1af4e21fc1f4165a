/** A span as a receiver of OTLP got it. */
export interface CollectedSpan {
  readonly service: string
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  /** Empty for a root span. */
  readonly parentSpanId: string
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number
  /** 2 is an error. */
  readonly status: number
  readonly attributes: Readonly<Record<string, unknown>>
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
}

interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

type SpanJson = Omit<CollectedSpan, 'service' | 'status' | 'attributes' | 'parentSpanId' | 'links'> & {
  readonly parentSpanId?: string
  readonly status?: { readonly code?: number }
  readonly attributes?: readonly Attribute[]
  readonly links?: CollectedSpan['links']
}

interface ExportRequest {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly Attribute[] }
    readonly scopeSpans?: readonly { readonly spans?: readonly SpanJson[] }[]
  }[]
}

/** Reads an `ExportTraceServiceRequest` in its JSON form. */
export function spansOf(json: string): CollectedSpan[] {
  const { resourceSpans = [] } = JSON.parse(json) as ExportRequest
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
    const service = String(attributesOf(resource?.attributes)['service.name'])
    return scopeSpans.flatMap(({ spans = [] }) => spans.map((span) => spanOf(service, span)))
  })
}

function spanOf(service: string, span: SpanJson): CollectedSpan {
  const { name, traceId, spanId, parentSpanId = '', kind, status, attributes, links = [] } = span
  const linked = links.map((link) => ({ traceId: link.traceId, spanId: link.spanId }))
  return {
    ...{ service, name, traceId, spanId, parentSpanId, kind },
    status: status?.code ?? 0,
    attributes: attributesOf(attributes),
    links: linked,
  }
}

const attributesOf = (list: readonly Attribute[] = []): Record<string, unknown> =>
  Object.fromEntries(
    list.map(({ key, value }) => {
      const [[kind, held] = ['', undefined]] = Object.entries(value)
      return [key, kind === 'intValue' ? Number(held) : held]
    }),
  )
