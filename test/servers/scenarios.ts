/** What is asked of each server by a client of the gateway, and what must come. Each says in few words what it saw, or throws. */
import { setTimeout as after } from 'node:timers/promises'
import { asker, Faulty, type Answer, type Ask, type Json } from './ask.ts'
import type { Setting } from './setting.ts'

export type Scenario = (setting: Setting) => Promise<string>

const HELLO = [{ role: 'user', content: 'Hello' }]
/** Longer than the context of the model, which has a token for each character. */
const LONG = [{ role: 'user', content: 'much too long '.repeat(400) }]
const RED =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAKklEQVR42mN4ICBAU8QwasGoBaMWjFowasGoBaMWjFowasGoBaMWDBULALgcAD3G45K4AAAAAElFTkSuQmCC'
const WEATHER = {
  name: 'get_weather',
  description: 'The weather of one city',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string', enum: ['Oslo', 'Rome'] } },
    required: ['city'],
    additionalProperties: false,
  },
}
const TOOLS = [
  { type: 'function', function: WEATHER },
  { type: 'function', function: { ...WEATHER, name: 'get_news', description: 'The news of one city' } },
]
const named = (name: string): Json => ({ type: 'function', function: { name } })
/** Whatever a model says, it comes to an end. */
const SWITCH = {
  type: 'json_schema',
  json_schema: {
    name: 'switch',
    strict: true,
    schema: {
      type: 'object',
      properties: { on: { type: 'boolean' }, colour: { type: 'string', enum: ['red', 'blue'] } },
      required: ['on', 'colour'],
      additionalProperties: false,
    },
  },
}
const COUNTED = { stream: true, stream_options: { include_usage: true } }

function must(holds: boolean, fault: string): void {
  if (!holds) throw new Faulty(fault)
}

function said(answer: Answer): string {
  const { status, error, finish, text, calls } = answer
  return JSON.stringify({ status, ...(error ? { error } : { finish, text: text.slice(0, 60), calls }) })
}

function answered(answer: Answer): void {
  must(answer.status === 200 && answer.error === undefined, `no answer: ${said(answer)}`)
}

function counted({ usage }: Answer): void {
  must((usage?.prompt_tokens ?? 0) > 0 && (usage?.completion_tokens ?? 0) > 0, `usage ${JSON.stringify(usage)}`)
}

async function json({ ask }: Setting): Promise<string> {
  const answer = await ask({ messages: HELLO, max_tokens: 24 })
  answered(answer)
  must(answer.text !== '' && answer.finish === 'length', said(answer))
  counted(answer)
  return `${answer.usage?.completion_tokens} tokens`
}

async function stream({ ask }: Setting): Promise<string> {
  const answer = await ask({ messages: HELLO, max_tokens: 24, ...COUNTED })
  answered(answer)
  must(answer.pieces > 1 && answer.finish === 'length', `${answer.pieces} pieces, ${said(answer)}`)
  counted(answer)
  return `${answer.pieces} pieces, ${answer.usage?.completion_tokens} tokens`
}

async function tools({ ask, server }: Setting): Promise<string> {
  const asked = { messages: [{ role: 'user', content: 'The weather in Oslo?' }], tools: TOOLS, max_tokens: 200 }
  const ways: [way: string, body: Json][] = [
    ['auto', {}],
    ['auto stream', { stream: true }],
    ['required', { tool_choice: 'required' }],
    ['required stream', { tool_choice: 'required', stream: true }],
    ['named', { tool_choice: named('get_weather') }],
    ['named stream', { tool_choice: named('get_weather'), stream: true }],
  ]
  for (const [way, body] of ways) {
    if (server.callsByNameOnly && !way.startsWith('named')) continue
    const answer = await ask({ ...asked, ...body })
    answered(answer)
    const [call, ...more] = answer.calls
    must(call !== undefined && more.length === 0, `${way}: ${answer.calls.length} calls, ${said(answer)}`)
    must(call?.name === 'get_weather' && isCity(call.arguments) && !!call.id, `${way}: ${JSON.stringify(call)}`)
    must(answer.finish === 'tool_calls' || way.startsWith('named'), `${way}: finish ${answer.finish}`)
  }
  // by itself the model calls the other one: a choice that is not heard shows here, also where nothing makes it call
  for (const stream of [false, true]) {
    const answer = await ask({ ...asked, tool_choice: named('get_news'), stream })
    answered(answer)
    const calls = answer.calls.map(({ name }) => name)
    must(
      calls.every((name) => name === 'get_news'),
      `named get_news: calls ${calls.join(', ')}`,
    )
  }
  const call = { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } }
  const history = [
    ...asked.messages,
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'call_1', content: '4 degrees' },
  ]
  const answer = await ask({ ...asked, messages: history, max_tokens: 16 })
  answered(answer)
  must(answer.text !== '', `result: ${said(answer)}`)
  must(!server.callsByNameOnly, 'named alone')
  return 'chosen by nobody, required, named; its result taken'
}

function isCity(text: string): boolean {
  return ['Oslo', 'Rome'].includes(Object(JSON.parse(text)).city)
}

async function schema({ ask }: Setting): Promise<string> {
  for (const way of [{}, { stream: true }]) {
    const answer = await ask({ messages: HELLO, response_format: SWITCH, max_tokens: 200, ...way })
    answered(answer)
    const value = Object(parsed(answer.text)) as Json
    must(typeof value['on'] === 'boolean' && ['red', 'blue'].includes(String(value['colour'])), said(answer))
    must(answer.finish === 'stop', said(answer))
  }
  return 'a value that fits, whole and streamed'
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Whatever one client does wrong, the next is served at once. */
async function served(ask: Ask): Promise<void> {
  const begun = performance.now()
  answered(await ask({ messages: HELLO, max_tokens: 4 }))
  const took = performance.now() - begun
  must(took < 4000, `the next client waits ${Math.round(took)} ms`)
}

async function errors({ ask, server }: Setting): Promise<string> {
  const image = { type: 'image_url', image_url: { url: RED } }
  const option = server.wrongOption ?? { top_k: 'many' }
  const wrongs: [what: string, body: Json, statuses: number[]][] = [
    ['a wrong option', option, [400, 422]],
    ['a wrong option of a stream', { ...option, stream: true }, [400, 422]],
    // some leave it out, with a warning or without
    ['a picture', { messages: [{ role: 'user', content: [image] }] }, [200, 400, 422]],
    ...(server.key === undefined ? [] : ([['a wrong key', { model: 'locked' }, [401]]] as [string, Json, number[]][])),
    ...(server.knowsModels ? ([['an unknown model', { model: 'unknown' }, [404]]] as [string, Json, number[]][]) : []),
  ]
  const seen: string[] = []
  const faults: string[] = []
  for (const [what, body, statuses] of wrongs) {
    const answer = await ask({ messages: HELLO, max_tokens: 4, ...body })
    seen.push(`${what} is ${answer.status}`)
    if (!statuses.includes(answer.status)) faults.push(`${what}: ${said(answer)}`)
    await served(ask)
  }
  must(faults.length === 0, faults.join('; '))
  return seen.join(', ')
}

async function overflow({ ask }: Setting): Promise<string> {
  for (const way of [{}, { stream: true }]) {
    const answer = await ask({ messages: LONG, max_tokens: 8, ...way })
    must(answer.status === 400 && answer.error?.code === 'context_length_exceeded', said(answer))
    await served(ask)
  }
  return '400 context_length_exceeded, whole and streamed'
}

async function busy({ ask }: Setting): Promise<string> {
  const many = Array.from({ length: 8 }, (_, at) =>
    ask({ messages: HELLO, max_tokens: 60, ...(at % 2 === 0 && { stream: true }) }),
  )
  const answers = await Promise.all(many)
  for (const answer of answers) {
    answered(answer)
    must(answer.finish === 'length', said(answer))
  }
  return `${answers.length} at once all answered`
}

/** Leaves in the middle; the next one must not wait for what would have been written. */
async function abort({ ask, url, key }: Setting): Promise<string> {
  // each ends where the others do, as far as the server heeds a seed
  const long = { messages: HELLO, max_tokens: 800, seed: 7 }
  const begun = performance.now()
  answered(await ask(long))
  const whole = performance.now() - begun
  // llama.cpp looks once a second whether anybody listens: a quick machine needs several answers to show it
  const many = Math.min(8, Math.ceil(4000 / whole))
  const waits: number[] = []
  for (const isStream of [true, false]) {
    const leaving = new AbortController()
    const { signal } = leaving
    const body = JSON.stringify({ model: 'fast', ...long, stream: isStream })
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` }
    const send = (): Promise<Response> => fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body, signal })
    const [sent, ...others] = [send(), ...Array.from({ length: many - 1 }, send)]
    const all = Promise.allSettled([sent, ...others])
    if (isStream) await (await sent).body?.getReader().read()
    else await Promise.race([sent, after(whole / 10)])
    leaving.abort()
    await all
    const left = performance.now()
    answered(await ask({ messages: HELLO, max_tokens: 2 }))
    waits.push(performance.now() - left)
  }
  const [streamed = 0, plain = 0] = waits.map(Math.round)
  const due = Math.round(many * whole)
  const told = `the next one waits ${streamed} ms after ${many} left streams, ${plain} ms after whole answers, of ${due} ms`
  must(streamed < due / 2 && plain < due / 2, told)
  return told
}

async function embeddings({ url, key }: Setting): Promise<string> {
  const { send } = asker(url, key)
  const ask = async (body: Json): Promise<{ data: { embedding: unknown }[]; usage: { prompt_tokens: number } }> => {
    const response = await send('/v1/embeddings', { model: 'embed', ...body })
    must(response.ok, `${response.status} ${response.ok ? '' : await response.text()}`)
    return (await response.json()) as never
  }
  const { data, usage } = await ask({ input: ['one', 'another'] })
  const sizes = data.map(({ embedding }) => (Array.isArray(embedding) ? embedding.length : 0))
  must(sizes.length === 2 && sizes[0] === sizes[1] && (sizes[0] ?? 0) > 0, `vectors of ${sizes.join(', ')}`)
  must(usage.prompt_tokens > 0, 'no usage')
  const coded = await ask({ input: 'one', encoding_format: 'base64' })
  const bytes = Buffer.from(String(coded.data[0]?.embedding), 'base64').length
  must(bytes === 4 * (sizes[0] ?? 0), `${bytes} bytes of base64`)
  return `two of ${sizes[0]}, base64 too`
}

export const SCENARIOS: Record<string, Scenario> = {
  json,
  stream,
  tools,
  schema,
  errors,
  overflow,
  busy,
  abort,
  embeddings,
}
