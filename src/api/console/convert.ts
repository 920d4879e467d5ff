/** POST /v1/admin/convert: what a request would be for a vendor, beside what the client sends; nothing is sent. */
import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../../chat/error.ts'
import { adminsOnly } from '../access/admin.ts'
import { refuseOtherSites } from '../access/other-sites.ts'
import { isRecord } from '../chat-completions/json-value.ts'
import type { ConvertedRequest } from './page-answers.ts'

export const DOORS = ['chat', 'messages', 'responses', 'generate-content'] as const
/** A client API. */
export type Door = (typeof DOORS)[number]

export interface ConvertQuestion {
  door: Door
  /** The public model that is asked for. */
  model: string
  body: Record<string, unknown>
  /** The route, as `provider` and the upstream's model; the public model's first when absent. */
  to?: { provider: string; model: string }
}

export type Convert = (question: ConvertQuestion) => Promise<ConvertedRequest>

export function registerConvert(app: FastifyInstance, convert: Convert): void {
  app.post('/v1/admin/convert', { onRequest: adminsOnly }, async (request) => {
    refuseOtherSites(request)
    const given = request.body
    const { door, body, provider, upstream_model: model } = isRecord(given) ? given : {}
    const known = DOORS.find((each) => each === door)
    if (known === undefined || !isRecord(body))
      throw new GatewayError('invalid_request', `door is one of ${DOORS.join(', ')}, and body the request's JSON.`)
    const asked = isRecord(given) ? (given['model'] ?? body['model']) : undefined
    if (typeof asked !== 'string') throw new GatewayError('invalid_request', 'model is the name of a public model.')
    const to = typeof provider === 'string' && typeof model === 'string' ? { provider, model } : undefined
    return { object: 'converted_request', ...(await convert({ door: known, model: asked, body, to })) }
  })
}
