/** GET /health: alive, and how busy; answers without a key and while everything else is refused. */
import type { FastifyInstance } from 'fastify'
import type { Scheduler } from '../scheduler/contract.ts'

export function registerHealth(app: FastifyInstance, scheduler: Scheduler): void {
  const started = Date.now()
  app.get('/health', () => {
    const { inFlight, queued } = scheduler.report()
    return { status: 'ok', uptime: Math.round((Date.now() - started) / 1000), in_flight: inFlight, queued }
  })
}
