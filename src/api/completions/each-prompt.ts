/** Several prompts where no upstream takes them at once: a chat each, some at a time, put together in order. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { pipeDeltas } from '../../chat/answer-source.ts'
import type { Answer, ChatContext } from '../../gateway/types.ts'
import type { AnswerMeta } from '../chat-completions/response/chunks.ts'
import type { WireUsage } from '../chat-completions/response/wire-types.ts'
import { costHeaders, costsOf, createAnswerHeaders } from '../headers/answer-headers.ts'
import { makeId } from '../http/request-id.ts'
import { contextOf } from '../inbound/answer-call.ts'
import { EVENTS, type InboundOptions } from '../inbound/inbound-api.ts'
import { createTextCompletion, textBody, type TextChoice } from './answer.ts'
import { event } from './events.ts'
import { ofPrompt, type CompletionsCall } from './request.ts'

/** Prompts of one request that are on their way at once. */
const AT_ONCE = 8

export type AnswerEach = (
  asked: CompletionsCall,
  meta: AnswerMeta,
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<FastifyReply>

interface Answered {
  choices: TextChoice[]
  usage: WireUsage | undefined
  answer: Answer
}

/** Throws the first GatewayError: then none of the answers is told. */
export function createPromptsCall(options: InboundOptions): AnswerEach {
  const { gateway, clientOf, passHeaders, redact = (text: string) => text } = options
  const headersOf = createAnswerHeaders(redact, options.told)

  async function answerPrompt(asked: CompletionsCall, meta: AnswerMeta, at: number, context: ChatContext) {
    const prompt = String(asked.prompts[at])
    const chat = { ...ofPrompt(asked, prompt), stream: false, include_usage: false }
    const answer = await gateway.chat(chat, { ...context })
    const before = { echo: asked.echo ? prompt : '', offset: prompt.length }
    const whole = createTextCompletion(chat, meta, before, (loss) => void answer.warnings.push(loss))
    await pipeDeltas(answer.deltas, (deltas) => void whole.take(deltas))
    const choices = whole.choices(answer.terminated())
    const numbered = choices.map((choice) => ({ ...choice, index: at * asked.n + choice.index }))
    return { choices: numbered, usage: whole.usage(), answer }
  }

  return async (asked, meta, request, reply) => {
    const context = contextOf(request, reply, clientOf, passHeaders)
    const answered: Answered[] = []
    let next = 0
    let isFailed = false
    const work = async (): Promise<void> => {
      while (next < asked.prompts.length && !isFailed) {
        const at = next++
        try {
          answered[at] = await answerPrompt(asked, meta, at, context)
        } catch (error) {
          isFailed = true
          throw error
        }
      }
    }
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, asked.prompts.length) }, work))
    const usage = sumOf(answered)
    const head = { ...meta, id: makeId('cmpl-') }
    reply.headers({
      'x-request-id': request.id,
      ...(answered[0] && headersOf(answered[0].answer)),
      ...costHeaders(costsOf(answered.map(({ answer }) => answer)), options.told),
    })
    const choices = answered.flatMap((each) => each.choices)
    if (!asked.chat.stream)
      return reply.type('application/json; charset=utf-8').send(JSON.stringify(textBody(choices, usage, head)))
    const events = choices.map((choice) => event(textBody([choice], undefined, head)))
    if (asked.chat.include_usage) events.push(event(textBody([], usage, head)))
    return reply.type(EVENTS.contentType).send(`${events.join('')}data: [DONE]\n\n`)
  }
}

function sumOf(answered: readonly Answered[]): WireUsage {
  const sum = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
  for (const { usage } of answered) {
    sum.prompt_tokens += usage?.prompt_tokens ?? 0
    sum.completion_tokens += usage?.completion_tokens ?? 0
    sum.total_tokens += usage?.total_tokens ?? 0
  }
  return sum
}
