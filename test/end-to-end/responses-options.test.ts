/** What a Responses request may ask for beside an answer, over an upstream of another API: given, told of, or refused by name. */
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SANDBOX, startGateway, type TestGateway } from './gateway.ts'

let gateway: TestGateway
let client: OpenAI

beforeAll(async () => {
  gateway = await startGateway(SANDBOX)
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
})
afterAll(() => gateway.close())

const hello = { model: 'fast', input: 'Hello', store: false }
const weather = { type: 'function', name: 'get_weather', parameters: { type: 'object', properties: {} } }
const search = { type: 'web_search' }

/** The API knows more than the SDK's types allow. */
async function ask(more: object): Promise<{ response: OpenAI.Responses.Response; warnings: string }> {
  const { data, response } = await client.responses.create({ ...hello, ...more } as typeof hello).withResponse()
  return { response: data, warnings: response.headers.get('x-balanced-call-warnings') ?? '' }
}

describe('log probabilities', () => {
  const include: OpenAI.Responses.ResponseIncludable[] = ['message.output_text.logprobs']

  it.each([
    ['by include', { include }, 0],
    ['by include and top_logprobs', { include, top_logprobs: 2 }, 2],
    ['by top_logprobs', { top_logprobs: 1 }, 1],
  ])('are given for each token, whole and streamed: %s', async (_, more, alternatives) => {
    const { response } = await ask(more)
    const [item] = response.output
    const [part] = item?.type === 'message' ? item.content : []
    const whole = part?.type === 'output_text' ? part : undefined
    expect(whole?.logprobs?.map(({ token }) => token).join('')).toBe(response.output_text)
    for (const { logprob, top_logprobs } of whole?.logprobs ?? []) {
      expect(logprob).toBeLessThanOrEqual(0)
      expect(top_logprobs).toHaveLength(alternatives)
    }
    const told: unknown[] = []
    let done: unknown
    for await (const event of await client.responses.create({ ...hello, ...more, stream: true })) {
      if (event.type === 'response.output_text.delta') told.push(...event.logprobs)
      if (event.type === 'response.output_text.done') done = event.logprobs
    }
    expect(told).toEqual(whole?.logprobs)
    expect(done).toEqual(told)
  })

  it('are not there where nobody asks', async () => {
    const [item] = (await ask({})).response.output
    expect(item).toMatchObject({ content: [{ logprobs: [] }] })
  })
})

describe('what only its own API’s upstreams can do', () => {
  it('is told of when it is left out', async () => {
    expect((await ask({ tools: [search, weather] })).warnings).toContain('the tool web_search left out')
    expect((await ask({ tools: [search], tool_choice: 'auto' })).warnings).toContain('the tool web_search left out')
    expect((await ask({ truncation: 'auto' })).warnings).toContain('truncation: auto left out')
    expect((await ask({ truncation: 'disabled' })).warnings).toBe('')
  })

  it.each([
    ['web_search', { tools: [search], tool_choice: 'required' }],
    ['web_search', { tools: [search, weather], tool_choice: { type: 'web_search' } }],
    [
      'file_search',
      { tools: [{ type: 'file_search' }], tool_choice: { type: 'allowed_tools', mode: 'required', tools: [] } },
    ],
  ])('is refused by its name where an answer without it is none: %s', async (name, more) => {
    await expect(ask(more)).rejects.toMatchObject({ status: 400, message: expect.stringContaining(name) })
  })

  it('is needed by nobody who has a function to call instead', async () => {
    const { response, warnings } = await ask({ tools: [search, weather], tool_choice: 'required' })
    expect(response.output).toMatchObject([{ type: 'function_call', name: 'get_weather' }])
    expect(warnings).toContain('web_search')
  })
})
