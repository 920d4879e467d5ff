/** Traces, where the environment names a collector: their libraries are loaded then, and cost nothing elsewhere. */
import type { SpanExporter } from '@opentelemetry/sdk-trace-base'
import type { Log } from '../observability/log.ts'
import type { Redact } from '../observability/redact.ts'
import { openTracing, TRACING_PACKAGES, wantsTraces, type Tracing } from '../observability/tracing.ts'
import { packageVersion } from './package-version.ts'

/** @param exporter another than that of the environment */
export async function openTraces(
  { wall, log, redact }: { wall: () => number; log: Log; redact: Redact },
  exporter?: SpanExporter,
): Promise<Tracing | undefined> {
  if (!exporter && !wantsTraces(process.env)) return undefined
  const failed = (err: unknown): void => log.warn({ err }, 'traces cannot be sent; serving goes on')
  try {
    return await openTracing({ version: packageVersion(), wall, redact, failed, ...(exporter && { exporter }) })
  } catch (err) {
    const needed = `npm install ${TRACING_PACKAGES.join(' ')}`
    log.error({ err }, `no traces are kept: OTEL_EXPORTER_OTLP_ENDPOINT is set, and that needs ${needed}`)
    return undefined
  }
}
