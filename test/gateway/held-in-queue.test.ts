import Fastify, { type FastifyRequest } from 'fastify'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { readGenerateContent } from '../../src/api/generate-content/request.ts'
import { registerJsonBody } from '../../src/api/http/json-body.ts'
import { readAgain } from '../../src/api/http/read-again.ts'
import { readMessages } from '../../src/api/messages/request.ts'
import type { ChatRequest } from '../../src/chat/request.ts'
import { held } from '../../src/gateway/retry/held-in-queue.ts'

const LONG = 'What does the tide carry today? "é"\n'.repeat(600)

/** Longer than what is held as it is. */
const BRIEF = 300

type Reader = (request: FastifyRequest) => ChatRequest
const READERS: Record<string, [Reader, Record<string, unknown>]> = {
  chat: [
    ({ body, bodyBytes }) => {
      const chat = parseChatRequest(body as Record<string, unknown>)
      return bodyBytes ? Object.assign(chat, { received: { body: chat.body, bytes: bodyBytes } }) : chat
    },
    {
      model: 'm',
      messages: [{ role: 'user', content: LONG }],
      tools: [
        { type: 'function', function: { name: 'look', parameters: {} } },
        { type: 'other', id: 1 },
      ],
      seed: 12345678901,
    },
  ],
  messages: [
    readMessages,
    {
      model: 'm',
      max_tokens: 9,
      messages: [{ role: 'user', content: [{ type: 'text', text: LONG }] }],
      tools: [{ name: 'look', input_schema: { type: 'object' } }],
    },
  ],
  generateContent: [
    (request) => readGenerateContent(request, 'm', false),
    { contents: [{ role: 'user', parts: [{ text: LONG }] }] },
  ],
}

/** A request as a door reads it, and what it was like before anything happened to it. */
async function read([reader, body]: [Reader, Record<string, unknown>]): Promise<{
  chat: ChatRequest
  as: string
  http: FastifyRequest
}> {
  const app = Fastify()
  registerJsonBody(app, { json_depth: 50, messages: 100, tools: 100 })
  const found = Promise.withResolvers<{ chat: ChatRequest; as: string; http: FastifyRequest }>()
  app.post('/', (http) => {
    const chat = readAgain(http, () => reader(http))
    found.resolve({ chat, as: asText(chat), http })
    return {}
  })
  await app.inject({ method: 'POST', url: '/', payload: body })
  return found.promise
}

const LEFT_OUT = new Set(['again', 'bytes', 'json'])

function asText(chat: ChatRequest): string {
  return JSON.stringify(chat, (key, value: unknown) => (LEFT_OUT.has(key) ? undefined : value))
}

describe.each(Object.entries(READERS))('a long request of %s that waits', (_, door) => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
  afterEach(() => void vi.useRealTimers())

  it('holds its bytes alone, and is the same when its turn has come', async () => {
    const { chat, as, http } = await read(door)
    const lease = Promise.withResolvers<string>()
    const waiting = held(chat, lease.promise, false)
    expect(asText(chat)).toBe(as)
    vi.advanceTimersByTime(BRIEF)
    expect(asText(chat)).not.toContain('tide')
    expect(http.body).toBeUndefined()
    lease.resolve('lease')
    expect(await waiting).toBe('lease')
    expect(asText(chat)).toBe(as)
  })

  it('is left as it is where the wait is brief', async () => {
    const { chat, as } = await read(door)
    const { messages } = chat
    await held(chat, Promise.resolve('lease'), false)
    vi.advanceTimersByTime(BRIEF)
    expect(chat.messages).toBe(messages)
    expect(asText(chat)).toBe(as)
  })

  it('is read again without a lease only where another answer goes on from it', async () => {
    for (const isWanted of [false, true]) {
      const { chat, as } = await read(door)
      const lease = Promise.withResolvers<string>()
      const waiting = held(chat, lease.promise, isWanted)
      vi.advanceTimersByTime(BRIEF)
      lease.reject(new Error('too late'))
      await expect(waiting).rejects.toThrow('too late')
      expect(asText(chat) === as).toBe(isWanted)
    }
  })
})
