/** Spans of OpenTelemetry by its conventions for generative AI, made of what is recorded of a request when it has ended. */
import type { Context, Span, SpanKind } from '@opentelemetry/api'
import type { SpanExporter } from '@opentelemetry/sdk-trace-base'
import type { AttemptRecord } from '../gateway/logged-request.ts'
import type { RequestRecord } from '../gateway/request-record.ts'
import type { Trace } from '../runtime/trace-context.ts'
import type { Redact } from './redact.ts'

export interface Tracing {
  record(record: RequestRecord): void
  /** Sends what waits. */
  close(): Promise<void>
}

export interface TracingOptions {
  version: string
  /** Milliseconds since the epoch. */
  wall: () => number
  /** Takes secrets out of what clients and upstreams have written. */
  redact: Redact
  /** Hears that spans cannot be sent, once for as long as it is so. */
  failed: (cause: unknown) => void
  /** Another than that of the environment, for tests. */
  exporter?: SpanExporter
}

/** What has to be installed beside this package, which does not bring it: it is larger than all the rest. */
export const TRACING_PACKAGES = ['api', 'sdk-trace-base', 'resources', 'exporter-trace-otlp-http'].map(
  (name) => `@opentelemetry/${name}`,
)

/** Does the environment name a collector, as OpenTelemetry's specification has it? */
export function wantsTraces(env: Readonly<Record<string, string | undefined>>): boolean {
  if (env['OTEL_SDK_DISABLED'] === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none') return false
  return Boolean(env['OTEL_EXPORTER_OTLP_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'])
}

/** Loads the libraries: rejects where they are not installed. */
export async function openTracing({ version, wall, redact, failed, exporter }: TracingOptions): Promise<Tracing> {
  const [api, sdk, resources, otlp] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/resources'),
    exporter ? undefined : import('@opentelemetry/exporter-trace-otlp-http'),
  ])
  const own = { 'service.name': 'balanced-call', 'service.version': version }
  const { envDetector, detectResources, resourceFromAttributes } = resources
  // the environment's OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before
  const resource = resourceFromAttributes(own).merge(detectResources({ detectors: [envDetector] }))
  const sending = exporter ?? (otlp && new otlp.OTLPTraceExporter())
  if (!sending) throw new Error('no exporter')
  /** Ids were told to upstreams before there is a span. */
  let next: { traceId: string; spanId: string }
  const random = new sdk.RandomIdGenerator()
  const provider = new sdk.BasicTracerProvider({
    resource,
    idGenerator: { generateTraceId: () => next.traceId, generateSpanId: () => next.spanId },
    spanProcessors: [new sdk.BatchSpanProcessor(telling(sending, failed))],
  })
  const tracer = provider.getTracer('balanced-call', version)

  function span(name: string, kind: SpanKind, spanId: string, trace: Trace, above: Context, from: number): Span {
    next = { traceId: trace.traceId, spanId }
    return tracer.startSpan(redact(name), { kind, startTime: new Date(from) }, above)
  }

  function tell(span: Span, attributes: Attributes): void {
    const told = Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === 'string' ? redact(value) : value,
    ])
    span.setAttributes(Object.fromEntries(told) as Attributes)
  }

  function record(request: RequestRecord): void {
    const { trace, model, total_ms: total, trail = [], operation = 'chat' } = request
    if (!trace) return
    const began = Math.round(wall() - total)
    const { traceId, parentId, flags, state } = trace
    const client = parentId !== undefined && {
      traceId,
      spanId: parentId,
      traceFlags: flags,
      isRemote: true,
      ...(state !== undefined && { traceState: api.createTraceState(state) }),
    }
    const outside = client ? api.trace.setSpanContext(api.ROOT_CONTEXT, client) : api.ROOT_CONTEXT
    const whole = span(`${operation} ${model}`, api.SpanKind.SERVER, trace.spanId, trace, outside, began)
    const inside = api.trace.setSpan(outside, whole)
    tell(whole, { ...requestAttributes(request), ...(trail.length > 0 && usageAttributes(request)) })
    const last = trail.at(-1)
    for (const tried of trail) {
      const { at_ms: at, waited_ms: waited, ms = 0, first_ms: first, span: spanId = random.generateSpanId() } = tried
      if (waited > 0) queue(trace, inside, began + at - waited, waited)
      const name = `${operation} ${tried.model}`
      const attempt = span(name, api.SpanKind.CLIENT, spanId, trace, inside, began + at)
      tell(attempt, attemptAttributes(tried, operation))
      if (tried === last) tell(attempt, usageAttributes(request))
      if (tried.outcome !== undefined && tried.outcome !== 'ok') fail(attempt, tried.outcome, tried.error)
      if (request.stream && first !== undefined) {
        const below = api.trace.setSpan(inside, attempt)
        const stream = span('stream', api.SpanKind.INTERNAL, random.generateSpanId(), trace, below, began + at + first)
        if (tried.outcome !== undefined && tried.outcome !== 'ok') fail(stream, tried.outcome, undefined)
        stream.end(new Date(began + at + Math.max(first, ms)))
      }
      attempt.end(new Date(began + at + ms))
    }
    if (trail.length === 0 && request.queue_ms > 0) queue(trace, inside, began, request.queue_ms)
    if (request.outcome !== 'ok') fail(whole, request.outcome, request.error)
    whole.end(new Date(began + total))
  }

  function queue(trace: Trace, above: Context, from: number, length: number): void {
    const waiting = span('queue', api.SpanKind.INTERNAL, random.generateSpanId(), trace, above, from)
    waiting.end(new Date(from + length))
  }

  function fail(failing: Span, kind: string, message: string | undefined): void {
    failing.setAttribute('error.type', kind)
    failing.setStatus({ code: api.SpanStatusCode.ERROR, ...(message !== undefined && { message: redact(message) }) })
  }

  return {
    record,
    // a collector that is away must not keep a server that stops
    close: () => Promise.race([provider.shutdown(), pause(LAST_WORDS)]).catch(failed),
  }
}

/** Milliseconds. */
const LAST_WORDS = 2000

function pause(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, time).unref())
}

/** The same, and `failed` hears of the first of several failures. */
function telling(inner: SpanExporter, failed: (cause: unknown) => void): SpanExporter {
  let isIll = false
  return {
    export(spans, done) {
      inner.export(spans, (result) => {
        if (result.code !== 0 && !isIll) failed(result.error ?? new Error('the collector refused spans'))
        isIll = result.code !== 0
        done(result)
      })
    },
    shutdown: () => inner.shutdown(),
    forceFlush: async () => inner.forceFlush?.(),
  }
}

type Attributes = Record<string, string | number | boolean>

function requestAttributes(request: RequestRecord): Attributes {
  const { model, stream, max_tokens: most, client, provider, operation = 'chat', id, attempts, queue_ms } = request
  return defined({
    'gen_ai.operation.name': operation,
    'gen_ai.request.model': model,
    'gen_ai.provider.name': provider,
    'gen_ai.request.stream': stream || undefined,
    'gen_ai.request.max_tokens': most,
    'balanced_call.request.id': id,
    'balanced_call.client': client,
    'balanced_call.attempts': attempts,
    'balanced_call.queue.duration': queue_ms / 1000,
  })
}

function attemptAttributes({ provider, model, key, first_ms: first }: AttemptRecord, operation: string): Attributes {
  return defined({
    'gen_ai.operation.name': operation,
    'gen_ai.request.model': model,
    'gen_ai.provider.name': provider,
    'gen_ai.response.time_to_first_chunk': first === undefined ? undefined : first / 1000,
    'balanced_call.key': key,
  })
}

function usageAttributes(request: RequestRecord): Attributes {
  return defined({
    'gen_ai.usage.input_tokens': request.input_tokens,
    'gen_ai.usage.output_tokens': request.output_tokens,
    'gen_ai.usage.cache_read.input_tokens': request.cached_tokens,
    'gen_ai.usage.cache_creation.input_tokens': request.cache_write_tokens,
    'gen_ai.usage.reasoning.output_tokens': request.reasoning_tokens,
    'gen_ai.response.model': request.upstream_model,
    'balanced_call.cost': request.cost,
  })
}

function defined(attributes: Record<string, string | number | boolean | undefined>): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).filter((each): each is [string, string | number] => each[1] !== undefined),
  )
}
