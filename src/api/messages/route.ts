/** POST /v1/messages and /v1/messages/count_tokens. */
import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../../chat/error.ts'
import { contextOf, createAnswerCall } from '../inbound/answer-call.ts'
import { countTokens } from '../inbound/count-tokens.ts'
import { readAgain } from '../http/read-again.ts'
import { readSession } from '../headers/session.ts'
import { isRecord } from '../chat-completions/json-value.ts'
import type { InboundOptions } from '../inbound/inbound-api.ts'
import type { TellLoss } from '../inbound/media.ts'
import { createMessage } from './answer.ts'
import { ID_HEADER } from './errors.ts'
import { createMessageWriter, MESSAGE_EVENTS } from './events.ts'
import { readMessages } from './request.ts'
import { checkMessages, messagesSchema } from './schema.ts'

export async function messages(app: FastifyInstance, options: InboundOptions): Promise<void> {
  const answerCall = createAnswerCall({ log: app.log, ...options })
  const checked = {
    schema: { body: messagesSchema },
    validatorCompiler: () => (body: unknown) => {
      const error = checkMessages(body)
      return error === undefined ? { value: body } : { error }
    },
  }

  app.post('/v1/messages', {
    ...checked,
    handler: (request, reply) => {
      refuseThread(request.body as Record<string, unknown>)
      const chat = readAgain(request, () => readMessages(request))
      if (chat.max_tokens === undefined) throw missing('max_tokens')
      const { model } = chat
      // a vendor of another API gets the session as the name of its cache
      const session = readSession(request.headers)
      if (session !== undefined) chat.options['prompt_cache_key'] ??= session
      const call = {
        chat,
        stream: (tellLoss: TellLoss) => createMessageWriter(chat, tellLoss),
        whole: (tellLoss: TellLoss) => createMessage(chat, model, tellLoss),
        style: MESSAGE_EVENTS,
        idHeader: ID_HEADER,
      }
      return answerCall(call, request, reply)
    },
  })

  app.post('/v1/messages/count_tokens', {
    ...checked,
    handler: async (request, reply) => {
      const chat = readMessages(request)
      const context = contextOf(request, reply, options.clientOf, options.passHeaders)
      const { body, headers } = await countTokens(chat, context, options.gateway, (count) => ({ input_tokens: count }))
      const ids = { 'x-request-id': request.id, [ID_HEADER]: request.id }
      return reply
        .headers({ ...ids, ...headers })
        .type('application/json; charset=utf-8')
        .send(body)
    },
  })
}

function missing(field: string): GatewayError {
  return new GatewayError('invalid_request', `${field}: Field required`, { param: field })
}

/**
 * A vendor keeps a thread for one account; here the next turn may go to another. The API's SDK hears by these codes that it is
 * to send the whole conversation.
 */
function refuseThread({ thread }: Record<string, unknown>): void {
  if (!isRecord(thread)) return
  const isNew = thread['type'] !== 'continue'
  const details = isNew
    ? { error_code: 'thread_unsupported_request', unsupported: ['thread'] }
    : { error_code: 'thread_not_found' }
  throw new GatewayError(
    'invalid_request',
    'thread: this server keeps none; send the whole conversation as messages.',
    {
      param: 'thread',
      extra: { details },
    },
  )
}
