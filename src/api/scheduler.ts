/** GET /v1/scheduler: the state of every limit and key, for people who ask why a request waits. */
import type { FastifyInstance } from 'fastify'
import type { Scheduler } from '../scheduler/contract.ts'

export function registerScheduler(app: FastifyInstance, scheduler: Scheduler): void {
  app.get('/v1/scheduler', () => ({ object: 'scheduler', ...scheduler.report() }))
}
