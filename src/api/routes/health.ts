/** GET /health: alive, and how busy; /ready: can it serve; /health/providers: each provider, for administrators. */
import type { FastifyInstance } from 'fastify'
import { adminsOnly } from '../access/admin.ts'
import type { Reloads, ReloadState } from '../../runtime/reloads.ts'
import type { Scheduler, SchedulerReport } from '../../scheduler/types.ts'
import type { Overload } from '../http/overload.ts'
import type { Running } from '../http/running-requests.ts'

export interface HealthParts {
  scheduler: Pick<Scheduler, 'report'>
  running: Pick<Running, 'isStopping'>
  overload: Pick<Overload, 'isOver'>
  /** Absent where the configuration is never read anew. */
  reloads: Reloads | undefined
}

/** The first two answer without a key, and while everything else is refused; so they tell nothing of files and providers. */
export function registerHealth(app: FastifyInstance, { scheduler, running, overload, reloads }: HealthParts): void {
  const started = Date.now()

  app.get('/health', async (_request, reply) => {
    const { inFlight, queued, replicas } = await scheduler.report()
    const status = running.isStopping() ? 'stopping' : overload.isOver() ? 'overloaded' : 'ok'
    // whoever balances between several of these servers sends no more to one that stops
    if (status === 'stopping') reply.code(503)
    const uptime = Math.round((Date.now() - started) / 1000)
    // one that has lost the others serves on, within its share
    const shared = replicas && { state: replicas.state, replicas: replicas.replicas.length }
    return { status, uptime, in_flight: inFlight, queued, ...shared, ...(await configuration()) }
  })

  app.get('/ready', async (_request, reply) => {
    const { keys } = await scheduler.report()
    const why = running.isStopping() ? 'stopping' : keys.some(isLive) ? undefined : 'no key is in service'
    if (why !== undefined) reply.code(503)
    return {
      status: why === undefined ? 'ready' : 'not ready',
      ...(why !== undefined && { why }),
      ...(await configuration()),
    }
  })

  app.get('/health/providers', { onRequest: adminsOnly }, async () => {
    const report = await scheduler.report()
    const state = await reloads?.state()
    return { object: 'health', ...(state && { configuration: state }), providers: byProvider(report) }
  })

  /** A file that was refused takes nothing away from what is served, so that it makes no server unready. */
  async function configuration(): Promise<{ configuration?: { status: string; loaded: string; refused_at?: string } }> {
    const state: ReloadState | undefined = await reloads?.state()
    if (!state) return {}
    const { loaded, refused } = state
    const status = refused ? 'the newest is refused, the one before is served' : 'ok'
    return { configuration: { status, loaded, ...(refused && { refused_at: refused.at }) } }
  }
}

type KeyReport = SchedulerReport['keys'][number]

/** A key that rests comes back by itself. */
function isLive({ state }: KeyReport): boolean {
  return state !== 'retired' && state !== 'disabled'
}

/** `ok`, `resting` while every key rests, `down` when none is in service. */
function byProvider({ keys }: SchedulerReport) {
  const providers: Record<string, { status: string; in_flight: number; keys: Record<string, number>; why?: string[] }> =
    {}
  for (const key of keys) {
    const found = (providers[key.provider] ??= { status: 'down', in_flight: 0, keys: {} })
    found.in_flight += key.inFlight
    found.keys[key.state] = (found.keys[key.state] ?? 0) + 1
    if (key.state === 'ready' || key.state === 'slow') found.status = 'ok'
    else if (isLive(key) && found.status === 'down') found.status = 'resting'
    if (key.reason !== undefined && !found.why?.includes(key.reason)) (found.why ??= []).push(key.reason)
  }
  return providers
}
