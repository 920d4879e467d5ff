/** GET /health: alive, and how busy; answers without a key and while everything else is refused. */
import type { FastifyInstance } from 'fastify'
import type { Scheduler } from '../../scheduler/types.ts'
import type { Overload } from '../http/overload.ts'
import type { Running } from '../http/running-requests.ts'

export interface HealthParts {
  scheduler: Scheduler
  running: Running
  overload: Overload
}

export function registerHealth(app: FastifyInstance, { scheduler, running, overload }: HealthParts): void {
  const started = Date.now()
  app.get('/health', async (_request, reply) => {
    const { inFlight, queued } = await scheduler.report()
    const status = running.isStopping() ? 'stopping' : overload.isOver() ? 'overloaded' : 'ok'
    // whoever balances between several of these servers sends no more to one that stops
    if (status === 'stopping') reply.code(503)
    return { status, uptime: Math.round((Date.now() - started) / 1000), in_flight: inFlight, queued }
  })
}
