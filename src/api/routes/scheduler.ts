/** GET /v1/scheduler: the state of every limit and key, for people who ask why a request waits; and a switch for a key. */
import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../../chat/error.ts'
import { adminsOnly } from '../access/admin.ts'
import { refuseOtherSites } from '../access/other-sites.ts'
import type { Scheduler } from '../../scheduler/types.ts'

export function registerScheduler(app: FastifyInstance, scheduler: Pick<Scheduler, 'report' | 'setEnabled'>): void {
  app.get('/v1/scheduler', { onRequest: adminsOnly }, async () => ({
    object: 'scheduler',
    ...(await scheduler.report()),
  }))
  for (const [action, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    app.post<{ Params: { name: string } }>(
      `/v1/scheduler/keys/:name/${action}`,
      { onRequest: adminsOnly },
      async (request) => {
        refuseOtherSites(request)
        const { name } = request.params
        if (!(await scheduler.setEnabled(name, enabled))) {
          throw new GatewayError('not_found', `There is no key ${name.slice(0, 200)}; GET /v1/scheduler names them.`, {
            code: 'key_not_found',
          })
        }
        const { keys } = await scheduler.report()
        return { object: 'scheduler.key', ...keys.find(({ key }) => key === name) }
      },
    )
  }
}
