/** POST /v1/reload: the configuration is read anew; what is wrong with it is told, and then nothing has changed. */
import type { FastifyInstance } from 'fastify'
import { adminsOnly } from '../access/admin.ts'
import { refuseOtherSites } from '../access/other-sites.ts'
import type { Reloads } from '../../runtime/reloads.ts'

export function registerReload(app: FastifyInstance, reloads: Reloads): void {
  app.post('/v1/reload', { onRequest: adminsOnly }, async (request, reply) => {
    refuseOtherSites(request)
    const reloaded = await reloads.reload()
    if (reloaded.refused) reply.code(422)
    return { object: 'reload', status: reloaded.refused ? 'refused' : 'reloaded', ...reloaded }
  })
}
