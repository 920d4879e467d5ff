/** What clients of the other APIs see, in the form that `readAnswer` gives. */
import type { ClientAnswer } from './read-answer.ts'

type Json = Record<string, unknown>

interface Part {
  text?: string
}

/** What is read of an event, or of a whole body, of one of the APIs. */
interface Said {
  type?: string
  error?: Json | null
  content?: Part[]
  stop_reason?: string | null
  delta?: unknown
  object?: string
  status?: string
  output?: { content?: Part[] }[]
  response?: { error?: Json; status?: string }
  candidates?: { content?: { parts?: Part[] }; finishReason?: string }[]
}

export interface Api {
  path(model: string, stream: boolean): string
  body(model: string, stream: boolean): Json
  /** One event, or the whole body. */
  take(answer: ClientAnswer, value: Said): void
}

const QUESTION = 'How is the weather?'

export const APIS: Record<'messages' | 'responses' | 'generateContent', Api> = {
  messages: {
    path: () => '/v1/messages',
    body: (model, stream) => ({ model, stream, max_tokens: 50, messages: [{ role: 'user', content: QUESTION }] }),
    take(answer, { type, error, content, delta, stop_reason: stop }) {
      if (type === 'error') answer.error = error ?? {}
      for (const block of content ?? []) answer.text += block.text ?? ''
      const { text = '', stop_reason: last } = (delta ?? {}) as Part & Said
      answer.text += text
      const end = stop ?? last
      if (end) answer.finish.push(end)
      if (type === 'message_stop') answer.done = true
    },
  },
  responses: {
    path: () => '/v1/responses',
    body: (model, stream) => ({ model, stream, input: QUESTION, store: false }),
    take(answer, { type, object, error, output, delta, response, status }) {
      if (type === 'response.failed') answer.error = response?.error
      else if (error) answer.error = error
      if (type === 'response.output_text.delta') answer.text += String(delta)
      for (const item of output ?? []) for (const part of item.content ?? []) answer.text += part.text ?? ''
      if (object === 'response') answer.finish.push(status ?? '')
      if (type === 'response.completed') answer.finish.push(response?.status ?? '')
      if (type === 'response.completed') answer.done = true
    },
  },
  generateContent: {
    path: (model, stream) => `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: () => ({ contents: [{ role: 'user', parts: [{ text: QUESTION }] }] }),
    take(answer, { error, candidates }) {
      if (error) answer.error = error
      for (const { content, finishReason } of candidates ?? []) {
        for (const part of content?.parts ?? []) answer.text += part.text ?? ''
        if (finishReason) answer.finish.push(finishReason)
        if (finishReason) answer.done = true
      }
    },
  },
}

export async function readInbound(url: string, model: string, stream: boolean, api: Api): Promise<ClientAnswer> {
  const response = await fetch(`${url}${api.path(model, stream)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(api.body(model, stream)),
  })
  const { status, headers } = response
  const rest = { ids: [], usage: undefined, resumed: undefined, headers }
  const answer: ClientAnswer = { status, text: '', calls: [], finish: [], done: false, error: undefined, ...rest }
  const body = await response.text()
  if (!headers.get('content-type')?.startsWith('text/event-stream')) api.take(answer, JSON.parse(body) as Said)
  else
    for (const line of body.split('\n'))
      if (line.startsWith('data: ')) api.take(answer, JSON.parse(line.slice(6)) as Said)
  return answer
}
