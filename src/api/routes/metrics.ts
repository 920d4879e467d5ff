/** GET /metrics: counters for Prometheus. */
import type { FastifyInstance } from 'fastify'
import { adminsOnly } from '../access/admin.ts'

export interface MetricsPage {
  /** Of all processes together. */
  text(): Promise<string>
  contentType: string
}

export function registerMetrics(app: FastifyInstance, metrics: MetricsPage): void {
  app.get('/metrics', { onRequest: adminsOnly }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  )
}
