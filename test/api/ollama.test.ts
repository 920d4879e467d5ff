/** Ollama's API over every recorded wire: lines, ends, counts, thoughts and calls. */
import { describe, expect, it } from 'vitest'
import { createLineAnswer } from '../../src/api/ollama/answer.ts'
import { createLineWriter } from '../../src/api/ollama/events.ts'
import { chatWording, generateWording } from '../../src/api/ollama/lines.ts'
import { toChat, toGenerate } from '../../src/api/ollama/request.ts'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import type { Delta } from '../../src/chat/delta.ts'
import { GatewayError } from '../../src/chat/error.ts'
import { answerDeltas } from '../../src/upstream/response/answer-deltas.ts'
import { bytesOf, formatsOf, reads, shippedFormat, type Recorded } from '../formats/replay.ts'
import { shipped } from '../formats/cases.ts'
import { isRecordedHere, recordings } from './recorded.ts'

const META = { model: 'asked', wording: chatWording, now: () => 1_760_000_000_000, started: 1_759_999_999_000 }

interface Line {
  message?: { content: string; thinking?: string; tool_calls?: { function: { name: string; arguments: unknown } }[] }
  response?: string
  done?: boolean
  done_reason?: string
  prompt_eval_count?: number
  eval_count?: number
  error?: string
}

const linesOf = (text: string): Line[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)

interface Told {
  text: string
  thinking: string
  calls: { name: string; arguments: unknown }[]
  last: Line | undefined
}

function told(lines: Line[]): Told {
  const messages = lines.flatMap(({ message }) => message ?? [])
  return {
    text: messages.map(({ content }) => content).join(''),
    thinking: messages.map(({ thinking = '' }) => thinking).join(''),
    calls: messages.flatMap(({ tool_calls: calls = [] }) => calls.map((call) => call.function)),
    last: lines.at(-1),
  }
}

const FAMILIES = ['openai-chat', 'anthropic', 'gemini', 'bedrock-converse', 'cohere', 'openai-responses', 'ollama']

describe.skipIf(!isRecordedHere)('recorded answers (skipped where none are)', () => {
  const all = FAMILIES.flatMap((family) => recordings(family) as Recorded[]).filter(
    ({ status, gold }) => status < 400 && gold.error === undefined && gold.text !== undefined,
  )

  it.each(all.map((each) => [each.id, each] as const))('%s', async (_, recorded) => {
    const request = parseChatRequest({ model: 'm', messages: [], stream: recorded.stream })
    const format = shippedFormat(formatsOf(recorded)[0] ?? '')
    const answer = { status: 200, headers: recorded.response_headers, body: reads(bytesOf(recorded), 0) }
    const writer = createLineWriter(request, META, true)
    const whole = createLineAnswer(request, META, true)
    let text = ''
    let isOver = false
    try {
      const deltas = await answerDeltas(answer, request, format, { event: 1 << 24, answer: 1 << 26 })
      for await (const each of deltas) {
        text += writer.write(each)
        whole.take(each)
      }
      isOver = deltas.isTerminated
    } catch (error) {
      // what the upstream says is an answer is none for chat completions either
      if (error instanceof GatewayError) return
      throw error
    }
    text += writer.end(isOver)
    const streamed = told(linesOf(text))
    const { gold } = recorded
    const calls = (gold.tool_calls ?? []).map(({ name, arguments: given }) => ({ name, arguments: given ?? {} }))
    if (streamed.last?.error !== undefined) return expect(() => whole.end(isOver)).toThrow(streamed.last.error)
    const summed = told([JSON.parse(JSON.stringify(whole.end(isOver))) as Line])
    expect(summed.text).toBe(streamed.text)
    expect(summed.thinking).toBe(streamed.thinking)
    expect(summed.calls).toEqual(streamed.calls)
    expect(streamed.last).toMatchObject({ done: true, done_reason: expect.any(String) })
    expect(streamed.calls.map(({ name, arguments: given }) => ({ name, arguments: given }))).toEqual(calls)
    // a refusal is said as text here
    if (gold.text !== '') expect(streamed.text).toContain(gold.text)
    if (gold.reasoning) expect(streamed.thinking).toBe(gold.reasoning)
    if (typeof gold.usage?.output === 'number' && gold.usage.input !== null && recorded.provider !== 'xai')
      expect(streamed.last).toMatchObject({ prompt_eval_count: gold.usage.input, eval_count: gold.usage.output })
  })
})

describe('lines', () => {
  const ask = parseChatRequest({ model: 'm', messages: [], stream: true })
  const written = (deltas: Delta[], wording = chatWording): Line[] => {
    const writer = createLineWriter(ask, { ...META, wording }, true)
    return linesOf(writer.write(deltas) + writer.end(true))
  }

  it('have the form of their endpoint', () => {
    const deltas: Delta[] = [{ reasoning: 'hm' }, { text: 'Hi' }, { usage: { prompt_tokens: 3, completion_tokens: 2 } }]
    const head = { model: 'asked', created_at: '2025-10-09T08:53:20.000Z' }
    const end = {
      done: true,
      done_reason: 'stop',
      total_duration: 1e9,
      load_duration: 0,
      prompt_eval_count: 3,
      prompt_eval_duration: 1e9,
      eval_count: 2,
      eval_duration: 1,
    }
    expect(written(deltas)).toEqual([
      { ...head, message: { role: 'assistant', content: '', thinking: 'hm' }, done: false },
      { ...head, message: { role: 'assistant', content: 'Hi' }, done: false },
      { ...head, message: { role: 'assistant', content: '' }, ...end },
    ])
    expect(written(deltas, generateWording)).toEqual([
      { ...head, response: '', thinking: 'hm', done: false },
      { ...head, response: 'Hi', done: false },
      { ...head, response: '', ...end },
    ])
  })

  it.each([
    ['length', 'length'],
    ['tool_calls', 'stop'],
    ['content_filter', 'content_filter'],
  ] as const)('end by %s as %s', (finish_reason, reason) => {
    expect(written([{ text: 'Hi' }, { finish_reason }]).at(-1)).toMatchObject({ done: true, done_reason: reason })
  })

  it('tell calls that grow side by side whole and in order', () => {
    const piece = (index: number, more: object): Delta => ({ tool_call: { index, ...more } })
    const lines = written([
      piece(0, { id: 'a', name: 'f', arguments: '{"x":' }),
      piece(1, { id: 'b', name: 'g', arguments: '{}' }),
      piece(0, { arguments: '1}' }),
      { finish_reason: 'tool_calls' },
    ])
    expect(lines.flatMap(({ message }) => message?.tool_calls ?? [])).toEqual([
      { id: 'a', function: { index: 0, name: 'f', arguments: { x: 1 } } },
      { id: 'b', function: { index: 1, name: 'g', arguments: {} } },
    ])
  })

  it('tell log probabilities', () => {
    const content = [{ token: 'Hi', logprob: -0.1, bytes: null, top_logprobs: [] }]
    expect(written([{ text: 'Hi', logprobs: { content } }])[0]).toMatchObject({ logprobs: content })
  })

  it('end a broken answer by an error and nothing else', () => {
    const writer = createLineWriter(ask, META, true)
    const lines = linesOf(writer.write([{ text: 'Hi' }]) + writer.end(false))
    expect(lines.map(({ done }) => done)).toEqual([false, undefined])
    expect(lines[1]).toEqual({ error: expect.stringContaining('middle of its answer') })
  })
})

describe('requests', () => {
  it('become a chat', () => {
    const chat = toChat(
      {
        model: 'x',
        think: 'high',
        format: { type: 'object' },
        options: { num_predict: 5, temperature: 0.1, top_p: 0.2, seed: 3, stop: ['E'], top_k: 4, num_ctx: 8192 },
        tools: [{ type: 'function', function: { name: 'f' } }],
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'See', images: ['/9j/AA', 'iVBORw'] },
          {
            role: 'assistant',
            content: '',
            thinking: 'hm',
            tool_calls: [{ function: { name: 'f', arguments: { a: 1 } } }],
          },
          { role: 'tool', tool_name: 'f', content: 'one' },
        ],
      },
      'm',
    )
    expect(chat).toMatchObject({
      model: 'm',
      stream: true,
      include_usage: true,
      reasoning_effort: 'high',
      max_tokens: 5,
      temperature: 0.1,
      top_p: 0.2,
      seed: 3,
      stop: ['E'],
      response_format: { type: 'json_schema', schema: { type: 'object' } },
      top_k: 4,
    })
    expect(chat.body['messages']).toEqual([
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'See' },
          { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,/9j/AA' } },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw' } },
        ],
      },
      {
        role: 'assistant',
        content: null,
        reasoning_content: 'hm',
        tool_calls: [{ id: 'call_2_0', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      },
      { role: 'tool', tool_call_id: 'call_2_0', content: 'one' },
    ])
  })

  it('match results to calls by id, by name, and by their order', () => {
    const call = (name: string, id?: string): object => ({ id, function: { name, arguments: {} } })
    const results = (calls: object[], answers: object[]): unknown[] =>
      (
        toChat(
          {
            model: 'x',
            messages: [{ role: 'user', content: 'Go' }, { role: 'assistant', tool_calls: calls }, ...answers],
          },
          'm',
        ).body['messages'] as { role: string; tool_call_id?: string }[]
      ).flatMap(({ role, tool_call_id: id }) => (role === 'tool' ? [id] : []))
    const tool = (more: object): object => ({ role: 'tool', content: 'r', ...more })
    expect(
      results([call('f', 'a'), call('g', 'b')], [tool({ tool_call_id: 'b' }), tool({ tool_call_id: 'a' })]),
    ).toEqual(['b', 'a'])
    expect(results([call('f', 'a'), call('g', 'b')], [tool({ tool_name: 'g' }), tool({ tool_name: 'f' })])).toEqual([
      'b',
      'a',
    ])
    expect(results([call('f'), call('f')], [tool({ tool_name: 'f' }), tool({ tool_name: 'f' })])).toEqual([
      'call_1_0',
      'call_1_1',
    ])
    expect(results([call('f'), call('g')], [tool({}), tool({})])).toEqual(['call_1_0', 'call_1_1'])
  })

  it('to complete a text go to an upstream that does so as they are', () => {
    const chat = toGenerate({ model: 'x', prompt: 'a', suffix: 'b', options: { num_predict: 3 }, stream: false }, 'm')
    expect(chat.native).toMatchObject({ api: 'completions', body: { prompt: 'a', suffix: 'b', max_tokens: 3 } })
    expect(chat.messages[0]?.text).toContain('<before>a</before>')
    expect(toGenerate({ model: 'x', prompt: 'a', system: 's', images: ['/9j/'] }, 'm').native).toEqual({
      api: 'ollama',
      headers: {},
      body: {
        model: 'x',
        messages: [
          { role: 'system', content: 's' },
          { role: 'user', content: 'a', images: ['/9j/'] },
        ],
      },
    })
  })

  it('keep state that rides on a call', () => {
    const writer = createLineAnswer(parseChatRequest({ model: 'm', messages: [] }), META, true)
    writer.take([
      { tool_call: { id: 'c', name: 'f', arguments: {}, signature: 'c2ln' } },
      { finish_reason: 'tool_calls' },
    ])
    const { message } = writer.end(true) as { message: object }
    const chat = toChat(
      { model: 'x', messages: [{ role: 'user', content: 'Go' }, message, { role: 'tool', content: 'r' }] },
      'm',
    )
    expect(chat.messages[1]?.tool_calls).toEqual([{ id: 'c', name: 'f', arguments: {}, signature: 'c2ln' }])
  })

  it('to embedding and other wires lose no words', () => {
    const chat = toChat(
      {
        model: 'x',
        messages: [
          { role: 'system', content: 'Rules' },
          { role: 'user', content: 'Words' },
        ],
      },
      'm',
    )
    for (const wire of [
      'openai',
      'anthropic',
      'gemini',
      'bedrock',
      'cohere',
      'mistral',
      'ollama',
      'openai-responses',
    ]) {
      const { request } = shipped(wire).encode(chat, { base_url: 'http://x', model: 'm', secret: 'k', headers: {} })
      expect(String(request.body)).toContain('Rules')
      expect(String(request.body)).toContain('Words')
    }
  })
})
