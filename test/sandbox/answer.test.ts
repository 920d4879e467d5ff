import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sandbox } from '../../src/sandbox/types.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { countTokens, tokensOf, wordsOf } from '../../src/sandbox/answer/tokens.ts'
import { ask, complete, events, fold, user } from './ask.ts'
import { faults } from './openai-schema.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox({ first_byte: 0, pace: 0, now: () => 1_790_000_000_000 })
})
afterAll(() => sandbox.close())

describe('an answer', () => {
  it('is the same for the same question, and another for another', async () => {
    const first = await complete(sandbox, { messages: user('One question') })
    expect(await complete(sandbox, { messages: user('One question') })).toEqual(first)
    const other = await complete(sandbox, { messages: user('Another question') })
    expect(other.choices[0]?.message.content).not.toBe(first.choices[0]?.message.content)
    expect(first.created).toBe(1_790_000_000)
  })

  it.each([
    ['text', {}],
    ['thoughts', { model: 'sandbox-think' }],
    ['a refusal', { model: 'sandbox-refuse' }],
    ['three choices', { n: 3 }],
    ['a length limit', { max_tokens: 5 }],
    ['JSON', { response_format: { type: 'json_object' } }],
    ['tool calls', { messages: user('Time in Oslo and Rome?'), tools: [clock()] }],
  ])('says the same in a stream: %s', async (_, body) => {
    const whole = await complete(sandbox, body)
    const data = await events(sandbox, { ...body, stream_options: { include_usage: true } })
    const { messages, finishes, usage, chunks } = fold(data)
    expect(messages).toEqual(
      whole.choices.map(({ message }) => {
        const { content, refusal, reasoning_content, tool_calls } = message
        return JSON.parse(JSON.stringify({ content, refusal, reasoning_content, tool_calls }))
      }),
    )
    expect(finishes).toEqual(whole.choices.map((choice) => choice.finish_reason))
    expect(usage).toEqual(whole.usage)
    expect(data.at(-1)).toBe('[DONE]')
    expect(chunks.filter((chunk) => chunk.choices.length === 0)).toHaveLength(1)
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true)
  })

  it('has no usage in a stream that did not ask for it', async () => {
    expect((await events(sandbox, {})).join('')).not.toContain('"usage"')
  })

  it('streams word by word, at the pace that it is given', async () => {
    const waits: number[] = []
    const paced = await startSandbox({
      pace: 40,
      first_byte: 200,
      wait: async (milliseconds) => void waits.push(milliseconds),
    })
    const data = await events(paced, { messages: user('Say: one two three four') })
    await paced.close()
    expect(fold(data).chunks.flatMap((chunk) => chunk.choices[0]?.delta.content || [])).toEqual([
      'one',
      ' two',
      ' three',
      ' four',
    ])
    expect(waits).toEqual([200, 40, 40, 40])
  })

  it('stops before a stop sequence', async () => {
    const answer = await complete(sandbox, { messages: user('Say: red green blue'), stop: ['blue', ' green'] })
    expect(answer.choices[0]).toMatchObject({ message: { content: 'red' }, finish_reason: 'stop' })
  })

  it('ends at the token limit and says so', async () => {
    const answer = await complete(sandbox, { max_completion_tokens: 7 })
    expect(answer.choices[0]?.finish_reason).toBe('length')
    expect(countTokens(answer.choices[0]?.message.content ?? '')).toBe(7)
    expect(answer.usage.completion_tokens).toBe(7)
  })

  it('counts what it was sent and what it said', async () => {
    const { usage, choices } = await complete(sandbox, { messages: user('a '.repeat(1000)) })
    expect(usage.prompt_tokens).toBeGreaterThan(1000)
    expect(usage.prompt_tokens).toBeLessThan(1020)
    expect(usage.completion_tokens).toBe(countTokens(choices[0]?.message.content ?? ''))
    expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens)
  })

  it('gives log probabilities that spell its text', async () => {
    const { choices } = await complete(sandbox, { logprobs: true, top_logprobs: 2 })
    const content = choices[0]?.logprobs?.content ?? []
    expect(content.map((entry) => entry.token).join('')).toBe(choices[0]?.message.content)
    expect(content.every((entry) => entry.top_logprobs.length === 2)).toBe(true)
  })

  it('tells what it was shown', async () => {
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
    const audio = { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }
    const { choices } = await complete(sandbox, {
      messages: user([{ type: 'text', text: 'What is this?' }, image, audio]),
    })
    expect(choices[0]?.message.content).toContain('I was given an image and an audio.')
  })

  it('is as long as it is told', async () => {
    const { choices } = await complete(sandbox, { sandbox: { words: 120 } })
    expect(choices[0]?.message.content?.split(' ')).toHaveLength(120)
  })
})

describe('the prompt cache', () => {
  const cachedTokens = async (asked: Sandbox, content: string, key = 'key-1'): Promise<unknown> => {
    const system = { role: 'system', content: 'a '.repeat(1500) }
    const body = { messages: [system, ...user(content)] }
    const { usage } = await complete(asked, body, { authorization: `Bearer ${key}` })
    return Object(Object(usage).prompt_tokens_details).cached_tokens
  }

  it('finds a beginning that the same key sent within five minutes, in steps of 128 tokens', async () => {
    let now = 1_790_000_000_000
    const caching = await startSandbox({ first_byte: 0, pace: 0, prompt_cache: true, now: () => now })
    expect(await cachedTokens(caching, 'One?')).toBe(0)
    expect(await cachedTokens(caching, 'Two?')).toBe(1408)
    expect(await cachedTokens(caching, 'Three?', 'key-2')).toBe(0)
    now += 301_000
    expect(await cachedTokens(caching, 'Four?')).toBe(0)
    await caching.close()
  })

  it('is not there by default', async () => {
    expect([await cachedTokens(sandbox, 'One?'), await cachedTokens(sandbox, 'One?')]).toEqual([0, 0])
  })
})

describe('the tokenizer', () => {
  it.each([
    '',
    'Hello, world!',
    '  two  spaces\n\nand\tlines ',
    'naïve café',
    '日本語のテキスト',
    '👍🏽 1234567 {"a":[1]}',
  ])('loses nothing: %j', (text) => {
    expect(tokensOf(text).join('')).toBe(text)
    expect(wordsOf(text).join('')).toBe(text)
  })
})

describe('the list of models', () => {
  it('is right in shape, and each can be asked for', async () => {
    const list: { data: { id: string }[] } = JSON.parse(await (await fetch(`${sandbox.url}/v1/models`)).text())
    expect(faults('ListModelsResponse', list)).toBe('')
    expect(list.data.map((model) => model.id)).toContain('sandbox-think')
    const one: unknown = await (await fetch(`${sandbox.url}/v1/models/sandbox-think`)).json()
    expect(faults('Model', one)).toBe('')
    expect((await fetch(`${sandbox.url}/v1/models/other`)).status).toBe(404)
  })
})

describe('a request that is wrong', () => {
  it.each([
    [{ messages: [] }, 400, 'messages'],
    [{ messages: 'Hello' }, 400, 'messages'],
    [{ model: 7 }, 400, 'model'],
    [{ n: 0 }, 400, 'n'],
    [{ max_tokens: -1 }, 400, 'max_tokens'],
    [{ stream_options: { include_usage: true } }, 400, 'stream_options'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 400, 'messages[0].tool_call_id'],
    [{ tool_choice: { type: 'function', function: { name: 'none' } } }, 400, 'tool_choice'],
    [{ model: 'unheard-of' }, 404, null],
  ])('%j is refused with its field named', async (body, status, param) => {
    const response = await ask(sandbox, body)
    const error: { error: { param: string | null } } = JSON.parse(await response.text())
    expect(response.status).toBe(status)
    expect(faults('ErrorResponse', error)).toBe('')
    expect(error.error.param).toBe(param)
  })
})

function clock(): unknown {
  const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
  return { type: 'function', function: { name: 'get_time', parameters } }
}
