/** GET /metrics: counters for Prometheus. */
import type { FastifyInstance } from 'fastify'

export interface MetricsPage {
  /** Of all processes together. */
  text(): Promise<string>
  contentType: string
}

export function registerMetrics(app: FastifyInstance, metrics: MetricsPage): void {
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()))
}
