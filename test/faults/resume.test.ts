/** A stream that breaks in its middle and goes on from another key, where the model says `resume: true`. */
import { afterEach, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../end-to-end/gateway.ts'
import { readAnswer, type ClientAnswer } from './read-answer.ts'
import {
  answerHalf,
  answerWell,
  ARGUMENTS,
  chunk,
  ending,
  EVENT_STREAM,
  firstPiece,
  restPieces,
  ROLE,
  startVendor,
  TEXT,
  WORDS,
  type Act,
  type Topic,
  type Vendor,
  type VendorCall,
} from './vendor.ts'

const KEYS = ['key-one-0001', 'key-two-0002']
const STORY = 'Once upon a time there was a gateway that lost no word of what it was told, however often wires broke.'

let vendors: Vendor[] = []
let gateway: TestGateway | undefined

afterEach(async () => {
  await expect.poll(() => gateway?.app.scheduler.report().inFlight, { interval: 2, timeout: 30_000 }).toBe(0)
  await gateway?.close()
  for (const vendor of vendors) {
    await expect.poll(() => vendor.open(), { interval: 2, timeout: 30_000 }).toBe(0)
    await vendor.close()
  }
  vendors = []
})

async function vendor(act: Act): Promise<Vendor> {
  const started = await startVendor(act)
  vendors.push(started)
  return started
}

async function ask(providers: Record<string, unknown>, routes: string[], server = {}): Promise<ClientAnswer> {
  gateway = await startGateway({
    providers,
    models: { smooth: { routes, resume: true } },
    server: { heartbeat: 0, timeouts: { idle: 150 }, ...server },
  })
  return readAnswer(gateway.url, 'smooth', true, {}, { stream_options: { include_usage: true } })
}

/** Breaks in the middle for the first key; `then` for those after it. */
async function broken(topic: Topic, then: (call: VendorCall) => void, prefix: unknown = true): Promise<ClientAnswer> {
  const { url } = await vendor((call) => {
    if (call.number > 1) then(call)
    else answerHalf(call, topic, () => call.socket.resetAndDestroy())
  })
  return ask({ one: { format: 'openai', base_url: url, keys: KEYS, prefix } }, ['one/m'])
}

function stream({ response }: VendorCall, ...pieces: string[]): void {
  response.writeHead(200, EVENT_STREAM).end(ROLE + pieces.join(''))
}

describe('a stream that breaks', () => {
  it('goes on from its last word on another key, as one answer', async () => {
    const answer = await broken('text', (call) => stream(call, restPieces('text')))
    expect(answer).toMatchObject({ status: 200, text: TEXT, finish: ['stop'], done: true, error: undefined })
    expect(answer.ids).toHaveLength(1)
    const second = vendors[0]?.calls[1]
    expect(second?.key).not.toBe(vendors[0]?.calls[0]?.key)
    expect(second?.body.messages?.at(-1)).toEqual({ role: 'assistant', content: WORDS[0] })
  })

  it('says in its last chunk that it was continued, and sums up what both used', async () => {
    const answer = await broken('text', (call) => stream(call, restPieces('text')))
    expect(answer.resumed).toBe(1)
    // the first never told: its four characters are a token
    expect(answer.usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 4, total_tokens: 9 })
    expect(gateway?.lines.filter((line) => line.includes('"msg":"chat"'))).toHaveLength(1)
    expect(gateway?.lines.join('')).toContain('"resumed":1')
  })

  it.each([
    ['starts anew', 0],
    ['says its last words again', 40],
    ['goes on exactly', 60],
  ])('shows nothing twice when the other upstream %s', async (_, from) => {
    const { url } = await vendor((call) => {
      const half = chunk({ content: STORY.slice(0, 60) })
      if (call.number === 1) {
        call.response.writeHead(200, EVENT_STREAM).write(ROLE + half, () => call.socket.resetAndDestroy())
      } else {
        const pieces = STORY.slice(from).match(/.{1,7}/g) ?? []
        stream(call, ...pieces.map((content) => chunk({ content })), ending('text'))
      }
    })
    const answer = await ask({ one: { format: 'openai', base_url: url, keys: KEYS, prefix: true } }, ['one/m'])
    expect(answer).toMatchObject({ text: STORY, finish: ['stop'], error: undefined })
  })

  it('makes a broken tool call anew, whole, without a trace of the broken one', async () => {
    const answer = await broken('tool', (call) => answerWell(call, 'tool'), false)
    expect(answer).toMatchObject({
      text: '',
      finish: ['tool_calls'],
      calls: [{ name: 'weather', arguments: ARGUMENTS.join('') }],
      error: undefined,
    })
    // nothing had been shown: the request is simply asked again
    expect(vendors[0]?.calls[1]?.body.messages).toEqual(vendors[0]?.calls[0]?.body.messages)
  })

  it('asks for a prefix in the words of the vendor that goes on', async () => {
    const prefix = { message: { prefix: true }, body: { continue_final_message: true } }
    await broken('text', (call) => stream(call, restPieces('text')), prefix)
    expect(vendors[0]?.calls[1]?.body).toMatchObject({ continue_final_message: true })
    expect(vendors[0]?.calls[1]?.body.messages?.at(-1)).toMatchObject({ prefix: true, content: WORDS[0] })
  })

  it('goes on only where a prefix is taken', async () => {
    const cut = await vendor((call) => answerHalf(call, 'text', () => call.socket.resetAndDestroy()))
    const deaf = await vendor((call) => answerWell(call, 'text'))
    const able = await vendor((call) => stream(call, restPieces('text')))
    const answer = await ask(
      {
        cut: { format: 'openai', base_url: cut.url, keys: ['key-cut-0001'] },
        deaf: { format: 'openai', base_url: deaf.url, keys: ['key-deaf-0001'] },
        able: { format: 'openai', base_url: able.url, keys: ['key-able-0001'], prefix: true },
      },
      ['cut/m', 'deaf/m', 'able/m'].slice(0, 3),
      {},
    )
    // whoever was asked first, the answer is whole
    expect(answer).toMatchObject({ text: TEXT, finish: ['stop'], error: undefined })
    if (cut.calls.length > 0) expect([deaf.calls.length, able.calls.length]).toEqual([0, 1])
  })

  it('ends with its own error where nobody takes a prefix', async () => {
    const answer = await broken('text', (call) => answerWell(call, 'text'), false)
    expect(answer).toMatchObject({ text: WORDS[0], finish: [], error: { code: 'stream_interrupted' } })
    expect(vendors[0]?.calls).toHaveLength(1)
  })

  it('is continued as often as it may be tried, and then ends with an error', async () => {
    const answer = await broken('text', (call) => {
      call.response
        .writeHead(200, EVENT_STREAM)
        .write(ROLE + chunk({ content: `(${call.number})` }), () => call.socket.resetAndDestroy())
    })
    expect(answer).toMatchObject({ text: `${WORDS[0]}(2)(3)`, finish: [], error: { code: 'stream_interrupted' } })
    expect(vendors[0]?.calls).toHaveLength(3)
  })

  it('goes on after a silence, too', async () => {
    const { url } = await vendor((call) => {
      if (call.number === 1) call.response.writeHead(200, EVENT_STREAM).write(ROLE + firstPiece('text'))
      else stream(call, restPieces('text'))
    })
    const answer = await ask({ one: { format: 'openai', base_url: url, keys: KEYS, prefix: true } }, ['one/m'])
    expect(answer).toMatchObject({ text: TEXT, finish: ['stop'], error: undefined })
  })
})
