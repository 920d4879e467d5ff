/** /v1/admin/config: the configuration's file, what a changed one would be told, and, where the owner allows it, the change. */
import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../../chat/error.ts'
import { adminsOnly } from '../access/admin.ts'
import { refuseOtherSites } from '../access/other-sites.ts'
import { isRecord } from '../chat-completions/json-value.ts'
import type { ConfigFile, ConfigProblem } from './page-answers.ts'

export interface ConfigDesk {
  read(): ConfigFile
  /** All that is wrong with a text, masked lines taken for what they hide; nothing is changed. */
  check(text: string): ConfigProblem[]
  /** Writes it and reads it anew. Throws a GatewayError where that is not allowed or not possible. */
  apply(text: string, version: string): Promise<ConfigProblem[]>
}

export function registerConfigFile(app: FastifyInstance, desk: ConfigDesk): void {
  app.get('/v1/admin/config', { onRequest: adminsOnly }, async () => ({ object: 'configuration', ...desk.read() }))
  app.post('/v1/admin/config/check', { onRequest: adminsOnly }, async (request) => {
    refuseOtherSites(request)
    return { object: 'list', data: desk.check(textIn(request.body, 'text')) }
  })
  app.put('/v1/admin/config', { onRequest: adminsOnly }, async (request, reply) => {
    refuseOtherSites(request)
    const problems = await desk.apply(textIn(request.body, 'text'), textIn(request.body, 'version'))
    if (problems.length > 0) void reply.code(422)
    return { object: 'list', status: problems.length > 0 ? 'refused' : 'applied', data: problems }
  })
}

function textIn(body: unknown, name: string): string {
  const value = isRecord(body) ? body[name] : undefined
  if (typeof value === 'string') return value
  throw new GatewayError('invalid_request', `${name} is missing.`, { param: name })
}
