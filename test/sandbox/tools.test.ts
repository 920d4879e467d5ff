import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sandbox } from '../../src/sandbox/types.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { complete, events, fold, user } from './ask.ts'
import type { Json } from './ask.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox({ first_byte: 0, pace: 0 })
})
afterAll(() => sandbox.close())

const tool = (name: string, properties: Json, required: string[] = Object.keys(properties)): Json => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties, required } },
})
const weather = tool('get_weather', { city: { type: 'string' }, unit: { enum: ['celsius', 'fahrenheit'] } }, ['city'])
const add = tool('add_numbers', { a: { type: 'number' }, b: { type: 'number' } })
const email = tool('sendEmail', { to: { type: 'string', format: 'email' }, subject: { type: 'string' } })
const all = [weather, add, email]

const called = async (body: Json): Promise<[name: string, given: unknown][]> => {
  const { choices } = await complete(sandbox, body)
  const calls = choices[0]?.message.tool_calls ?? []
  expect(choices[0]?.finish_reason).toBe(calls.length > 0 ? 'tool_calls' : 'stop')
  return calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)])
}

describe('a tool', () => {
  it('is called when the message asks for it, with the words of the message', async () => {
    expect(await called({ messages: user('What is the weather in New York?'), tools: all })).toEqual([
      ['get_weather', { city: 'New York' }],
    ])
    expect(await called({ messages: user('Please add 15 and 27 numbers'), tools: all })).toEqual([
      ['add_numbers', { a: 15, b: 27 }],
    ])
    const [[name, given] = []] = await called({ messages: user('Write an email called "Late again".'), tools: all })
    expect([name, given]).toEqual(['sendEmail', { to: expect.stringMatching(/@example\.com$/), subject: 'Late again' }])
  })

  it('is left alone when the message does not', async () => {
    expect(await called({ messages: user('Tell me a story.'), tools: all })).toEqual([])
  })

  it('is called beside others when the message names several', async () => {
    const messages = user('Email me the weather in Oslo.')
    expect((await called({ messages, tools: all })).map(([name]) => name)).toEqual(['get_weather', 'sendEmail'])
    expect(await called({ messages, tools: all, parallel_tool_calls: false })).toHaveLength(1)
  })

  it('is called once for each thing that it is asked about', async () => {
    const calls = await called({ messages: user('Is the weather in Oslo better than in Rome?'), tools: [weather] })
    expect(calls).toEqual([
      ['get_weather', { city: 'Oslo' }],
      ['get_weather', { city: 'Rome' }],
    ])
  })

  it('is called once for a place and where it lies', async () => {
    const cities = async (text: string): Promise<unknown[]> =>
      (await called({ messages: user(text), tools: [weather] })).map(([, given]) => (given as Json)['city'])
    expect(await cities("What's the weather like in San Francisco, CA?")).toEqual(['San Francisco, CA'])
    expect(await cities('Is the weather in Paris, France and Rome, Italy the same?')).toEqual([
      'Paris, France',
      'Rome, Italy',
    ])
    expect(await cities('The weather in Oslo, Rome and Paris, please.')).toEqual(['Oslo', 'Rome', 'Paris'])
    expect(await cities('The weather in Austin, TX, Reno, NV and Oslo?')).toEqual(['Austin, TX', 'Reno, NV', 'Oslo'])
  })

  it('gets words of any script', async () => {
    const cities = async (text: string): Promise<unknown> =>
      (await called({ messages: user(text), tools: [weather], tool_choice: 'required' })).map(([, given]) => given)
    expect(await cities('What is the weather in 東京?')).toEqual([{ city: '東京' }])
    expect(await cities('東京の天気を教えて')).toEqual([{ city: '東京' }])
    expect(await cities('Какая погода в Москве?')).toEqual([{ city: 'Москве' }])
    expect(await cities('weather 「大阪市」?')).toEqual([{ city: '大阪市' }])
    expect(await cities('Weather in Zürich?')).toEqual([{ city: 'Zürich' }])
  })

  it('obeys tool_choice', async () => {
    const messages = user('What is the weather in Oslo?')
    const named = { type: 'function', function: { name: 'add_numbers' } }
    const allowed = {
      type: 'allowed_tools',
      allowed_tools: { mode: 'required', tools: [{ type: 'function', name: 'sendEmail' }] },
    }
    expect(await called({ messages, tools: all, tool_choice: 'none' })).toEqual([])
    expect((await called({ messages: user('Hi'), tools: all, tool_choice: 'required' })).map(([name]) => name)).toEqual(
      ['get_weather'],
    )
    expect((await called({ messages, tools: all, tool_choice: named })).map(([name]) => name)).toEqual(['add_numbers'])
    expect((await called({ messages, tools: all, tool_choice: allowed })).map(([name]) => name)).toEqual(['sendEmail'])
  })

  it('is answered with text that uses the results', async () => {
    const call = (id: string, city: string): Json => ({
      id,
      type: 'function',
      function: { name: 'get_weather', arguments: JSON.stringify({ city }) },
    })
    const messages = [
      ...user('The weather in Oslo and Rome?'),
      { role: 'assistant', content: null, tool_calls: [call('call_1', 'Oslo'), call('call_2', 'Rome')] },
      { role: 'tool', tool_call_id: 'call_2', content: '18 C' },
      { role: 'tool', tool_call_id: 'call_1', content: '4 C' },
    ]
    const { choices } = await complete(sandbox, { messages, tools: all })
    expect(choices[0]?.message.content).toMatch(/^get_weather says: 18 C\. get_weather says: 4 C\. /)
  })

  it('is asked for by the end of a message, not by the pages that an agent puts before it', async () => {
    const context = `You may sendEmail. ${'Notes on the project. '.repeat(100)}`
    expect(await called({ messages: user(`${context}\n\nSay hi`), tools: all })).toEqual([])
    expect(
      (await called({ messages: user(`${context}\n\nThe weather in Oslo?`), tools: all })).map(([n]) => n),
    ).toEqual(['get_weather'])
  })

  it("is not called for an agent's own notes in the message, nor for a message of notes alone", async () => {
    const reminder = '<system-reminder>\nYou may sendEmail "now", or\nadd_numbers.\n</system-reminder>'
    const told = '<task-notification>\n<result>sendEmail says: done</result>\n</task-notification>'
    expect(await called({ messages: user(`The weather in Oslo?\n${reminder}`), tools: all })).toEqual([
      ['get_weather', { city: 'Oslo' }],
    ])
    expect(await called({ messages: user(told), tools: all })).toEqual([])
    expect((await called({ messages: user('<task>\nThe weather in Oslo?\n</task>'), tools: all })).length).toBe(1)
    const { choices } = await complete(sandbox, { messages: user(`${reminder}\nHi`) })
    expect(choices[0]?.message.content).toContain('you said "Hi"')
  })

  it('is answered without the whole of a long result', async () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{}' } }
    const messages = [
      ...user('The weather?'),
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: 'rain '.repeat(10_000) },
    ]
    const { choices } = await complete(sandbox, { messages, tools: all })
    expect(choices[0]?.message.content?.length).toBeLessThan(600)
  })

  it('has an id of its own for each call, also when the same is asked again', async () => {
    const messages = user('The weather in Oslo and Rome?')
    const { choices } = await complete(sandbox, { messages, tools: all })
    const first = choices[0]?.message
    const results = (first?.tool_calls ?? []).map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'rain' }))
    const again = await complete(sandbox, {
      messages: [...messages, { role: 'assistant', ...first }, ...results, ...messages],
      tools: all,
    })
    const ids = [first, again.choices[0]?.message].flatMap(
      (message) => message?.tool_calls?.map((call) => call.id) ?? [],
    )
    expect(ids).toHaveLength(4)
    expect(new Set(ids).size).toBe(4)
  })

  it('may be one that takes plain text', async () => {
    const tools = [{ type: 'custom', custom: { name: 'run_query' } }]
    const { choices } = await complete(sandbox, { messages: user('A query for all users'), tools })
    expect(choices[0]?.message.tool_calls?.[0]).toMatchObject({
      type: 'custom',
      custom: { name: 'run_query', input: 'A query for all users' },
    })
  })

  it('is called in the old way when it was offered in the old way', async () => {
    const functions = [Object(weather).function]
    const body = { messages: user('The weather in Oslo?'), functions }
    const { choices } = await complete(sandbox, body)
    expect(choices[0]?.finish_reason).toBe('function_call')
    expect(JSON.parse(choices[0]?.message.function_call?.arguments ?? '')).toEqual({ city: 'Oslo' })
    const { finishes } = fold(await events(sandbox, body))
    expect(finishes).toEqual(['function_call'])
  })

  it('has its arguments streamed in pieces, its name and id once', async () => {
    const { chunks } = fold(
      await events(sandbox, { messages: user('Send an email called "A rather long subject line".'), tools: all }),
    )
    const pieces = chunks.flatMap((chunk) => chunk.choices.flatMap((choice) => choice.delta.tool_calls ?? []))
    expect(pieces.length).toBeGreaterThan(3)
    expect(pieces.filter((piece) => piece.id !== undefined)).toHaveLength(1)
    expect(pieces.filter((piece) => piece.function.name !== undefined)).toHaveLength(1)
  })
})
