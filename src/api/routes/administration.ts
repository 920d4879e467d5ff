/** /v1/admin/keys and /v1/admin/provider-keys: clients' and providers' keys while the server runs. Done by whoever owns the scheduler. */
import type { FastifyInstance } from 'fastify'
import type { Administration, Subject } from '../../runtime/administration.ts'
import { adminsOnly } from '../access/admin.ts'
import { refuseOtherSites } from '../access/other-sites.ts'
import { WITHOUT_BODY } from '../http/json-body.ts'

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** Method, path, and what it is to the owner. */
const ROUTES: [Method, path: string, Subject, action: string][] = [
  ['GET', '/v1/admin/keys', 'client-keys', 'list'],
  ['POST', '/v1/admin/keys', 'client-keys', 'create'],
  ['GET', '/v1/admin/keys/:id', 'client-keys', 'show'],
  ['PATCH', '/v1/admin/keys/:id', 'client-keys', 'change'],
  ['DELETE', '/v1/admin/keys/:id', 'client-keys', 'revoke'],
  ['POST', '/v1/admin/keys/:id/rotate', 'client-keys', 'rotate'],
  ['GET', '/v1/admin/provider-keys', 'provider-keys', 'list'],
  ['POST', '/v1/admin/provider-keys', 'provider-keys', 'add'],
  ['DELETE', '/v1/admin/provider-keys/:id', 'provider-keys', 'remove'],
  ['POST', '/v1/admin/provider-keys/:id/enable', 'provider-keys', 'enable'],
  ['POST', '/v1/admin/provider-keys/:id/disable', 'provider-keys', 'disable'],
  ['POST', '/v1/admin/provider-keys/:id/test', 'provider-keys', 'test'],
]

export function registerAdministration(app: FastifyInstance, administration: Administration): void {
  for (const [method, url, subject, action] of ROUTES)
    app.route<{ Params: { id?: string } }>({
      method,
      url,
      ...WITHOUT_BODY,
      onRequest: adminsOnly,
      async handler(request, reply) {
        if (method !== 'GET') refuseOtherSites(request)
        const { id } = request.params
        const done = await administration.administer(subject, action, { id, body: request.body ?? undefined })
        // a key is in it, once
        void reply.header('cache-control', 'no-store')
        if (action === 'create' || action === 'add') void reply.code(201)
        return done
      },
    })
}
