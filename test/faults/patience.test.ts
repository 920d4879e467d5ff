/** How long an upstream may take, who is asked after it, and which routes are left alone. */
import { afterEach, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../end-to-end/gateway.ts'
import { readAnswer } from './read-answer.ts'
import {
  answerWell,
  chunk,
  EVENT_STREAM,
  JSON_TYPE,
  ROLE,
  startVendor,
  wholeBody,
  type Act,
  type Vendor,
} from './vendor.ts'

let vendor: Vendor
let gateway: TestGateway
afterEach(async () => {
  await gateway.close()
  await vendor.close()
})

const KEYS = ['key-one-0001', 'key-two-0002', 'key-three-3']

async function start(act: Act, server: Record<string, unknown>, models?: Record<string, unknown>): Promise<void> {
  vendor = await startVendor(act)
  const provider = { format: 'openai', base_url: vendor.url, keys: KEYS }
  gateway = await startGateway({
    providers: { small: provider, big: provider },
    ...(models && { models }),
    server: { heartbeat: 0, retry_share: 1, ...server },
    scheduler: { max_wait: 0 },
  })
}

describe('a whole answer', () => {
  const late: Act = ({ response }) =>
    void setTimeout(() => response.writeHead(200, JSON_TYPE).end(wholeBody('text')), 150)

  it('may take longer than the first byte of a stream', async () => {
    await start(late, { timeouts: { first_byte: 20, idle: 20 } })
    expect(await readAnswer(gateway.url, 'small/m', false)).toMatchObject({ status: 200, finish: ['stop'] })
    expect(vendor.calls).toHaveLength(1)
  })

  it('may pause after its head', async () => {
    await start(
      (call) => {
        call.response.writeHead(200, JSON_TYPE).flushHeaders()
        setTimeout(() => call.response.end(wholeBody('text')), 150)
      },
      { timeouts: { first_byte: 20, idle: 20 } },
    )
    expect((await readAnswer(gateway.url, 'small/m', false)).status).toBe(200)
  })

  it('that takes too long is not asked for again', async () => {
    await start(() => {}, { timeouts: { answer: 40 } })
    const answer = await readAnswer(gateway.url, 'small/m', false)
    expect(answer).toMatchObject({ status: 504, error: { message: expect.stringContaining('(timeout answer)') } })
    expect(vendor.calls).toHaveLength(1)
  })
})

describe('a stream without content', () => {
  /** Alive all the time, as far as bytes can tell. */
  const chatter =
    (text: string, before = ''): Act =>
    ({ response, socket }) => {
      response.writeHead(200, EVENT_STREAM).write(before)
      const timer = setInterval(() => response.write(text), 5)
      socket.once('close', () => clearInterval(timer))
    }

  it.each([
    ['comments', ': busy\n\n'],
    ['empty pieces', chunk({ content: '' })],
    ['roles', ROLE],
  ])('of %s has begun nothing', async (_, text) => {
    await start(chatter(text), { timeouts: { first_byte: 300, idle: 10_000 }, retries: 1 })
    const answer = await readAnswer(gateway.url, 'small/m', true)
    expect(answer).toMatchObject({ status: 504, error: { message: expect.stringContaining('(timeout first_byte)') } })
    expect(vendor.calls).toHaveLength(2)
  })

  it.each([
    ['comments', ': busy\n\n'],
    ['empty pieces', chunk({ content: '' })],
  ])('but %s falls silent', async (_, text) => {
    await start(chatter(text, chunk({ content: 'All' })), { timeouts: { first_byte: 10_000, idle: 60 } })
    const answer = await readAnswer(gateway.url, 'small/m', true)
    expect(answer).toMatchObject({ text: 'All', error: { message: expect.stringContaining('(timeout idle)') } })
  })
})

describe('a refusal that a model may be asked on after', () => {
  const tiers = ['small/s', { to: 'small/t', weight: 1 }, { to: 'big/b', tier: 1 }]
  const tooLong = { message: "This model's maximum context length is 8192 tokens.", code: 'context_length_exceeded' }
  const filtered = { message: 'The response was filtered.', code: 'content_filter', type: null }
  const refusing =
    (error: object): Act =>
    (call) =>
      call.body['model'] === 'b'
        ? answerWell(call, 'text')
        : void call.response.writeHead(400, JSON_TYPE).end(JSON.stringify({ error }))

  it.each([
    ['context_length', tooLong, false],
    ['context_length', tooLong, true],
    ['content_filter', filtered, false],
  ])('%s: the next tier answers', async (on, error, stream) => {
    await start(refusing(error), {}, { long: { routes: tiers, on: [on] }, plain: tiers })
    expect(await readAnswer(gateway.url, 'long', stream)).toMatchObject({ status: 200, finish: ['stop'] })
    expect(vendor.calls.map(({ body }) => body['model'])).toEqual([expect.stringMatching(/s|t/), 'b'])
    expect((await readAnswer(gateway.url, 'plain', stream)).status).toBe(400)
    expect(vendor.calls).toHaveLength(3)
  })

  it.each([false, true])('an answer that ends in a filter, streamed: %s', async (stream) => {
    const body = JSON.stringify({
      id: 'x',
      object: 'chat.completion',
      created: 1,
      model: 's',
      choices: [{ index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'content_filter' }],
    })
    const act: Act = (call) => {
      if (call.body['model'] === 'b') answerWell(call, 'text')
      else if (call.stream) call.response.writeHead(200, EVENT_STREAM).end(ROLE + chunk({}, 'content_filter'))
      else call.response.writeHead(200, JSON_TYPE).end(body)
    }
    await start(
      act,
      {},
      { kind: { routes: tiers, on: ['content_filter'] }, plain: { routes: ['small/s'], on: ['content_filter'] } },
    )
    expect(await readAnswer(gateway.url, 'kind', stream)).toMatchObject({ status: 200, finish: ['stop'] })
    // with nobody else to ask the refusal itself is the answer
    expect(await readAnswer(gateway.url, 'plain', stream)).toMatchObject({ status: 200, finish: ['content_filter'] })
  })
})

describe('a model that a provider does not have', () => {
  const gone: Act = (call) =>
    call.body['model'] === 'b'
      ? answerWell(call, 'text')
      : void call.response
          .writeHead(404, JSON_TYPE)
          .end('{"error":{"message":"The model `s` does not exist","code":"model_not_found","type":null}}')

  it('is asked for once, and then its route is left alone', async () => {
    await start(gone, {}, { m: ['small/s', { to: 'big/b', tier: 1 }] })
    for (let i = 0; i < 4; i++) expect((await readAnswer(gateway.url, 'm', false)).status).toBe(200)
    expect(vendor.calls.map(({ body }) => body['model'])).toEqual(['s', 'b', 'b', 'b', 'b'])
    // whoever asks for that one alone is told what its provider says
    expect((await readAnswer(gateway.url, 'small/s', false)).status).toBe(404)
  })
})

describe('a path that a provider does not have', () => {
  it.each([
    [
      'in the words of OpenAI',
      404,
      { message: 'Unknown request URL: POST /v1/chat/completions.', code: 'unknown_url' },
    ],
    ['in words that are about an address', 404, { message: 'Invalid URL (POST /v1/chat/completions)', code: null }],
    ['by its status', 405, { message: 'Method Not Allowed' }],
  ])('goes to another, and is told with what to set: %s', async (_, status, error) => {
    await start(
      (call) =>
        call.body['model'] === 'b'
          ? answerWell(call, 'text')
          : void call.response.writeHead(status, JSON_TYPE).end(JSON.stringify({ error })),
      {},
      { m: ['small/s', { to: 'big/b', tier: 1 }] },
    )
    for (let i = 0; i < 3; i++) expect((await readAnswer(gateway.url, 'm', false)).status).toBe(200)
    expect(vendor.calls.map(({ body }) => body['model'])).toEqual(['s', 'b', 'b', 'b'])
    const told = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: JSON_TYPE,
      body: JSON.stringify({ model: 'small/s', messages: [{ role: 'user', content: 'Hi' }] }),
    })
    expect([told.status, await told.json()]).toMatchObject([
      404,
      {
        error: {
          code: 'unknown_url',
          message: expect.stringContaining('nothing at /chat/completions: check base_url'),
        },
      },
    ])
  })
})

describe('what a server of one’s own cannot do', () => {
  const chat = { model: 'm', messages: [{ role: 'user', content: 'hello' }] }
  const answer = (body: object): Promise<Response> =>
    fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: JSON_TYPE,
      body: JSON.stringify({ ...chat, ...body }),
    })
  async function own(act: Act, models: Record<string, unknown>): Promise<void> {
    vendor = await startVendor(act)
    const provider = { format: 'openai-compatible', base_url: vendor.url, keys: KEYS }
    gateway = await startGateway({ providers: { small: provider, big: provider }, models, server: { retry_share: 1 } })
  }
  const refuse = ({ response }: Parameters<Act>[0], status: number, message: string): void =>
    void response
      .writeHead(status, JSON_TYPE)
      .end(JSON.stringify({ error: { message, type: 'api_error', code: null } }))

  it.each([false, true])('thinking is left out with a warning, streamed: %s', async (stream) => {
    await own(
      (call) =>
        call.body['reasoning_effort'] ? refuse(call, 400, '"m" does not support thinking') : answerWell(call, 'text'),
      { m: ['small/s'] },
    )
    const told = await answer({ reasoning_effort: 'high', stream })
    expect([told.status, vendor.calls.length]).toEqual([200, 2])
    expect(told.headers.get('x-balanced-call-warnings')).toContain('reasoning_effort: s cannot do this, left out')
    await told.text()
  })

  it('tools go to a route that can', async () => {
    await own(
      (call) =>
        call.body['model'] === 's' ? refuse(call, 400, '"s" does not support tools') : answerWell(call, 'text'),
      { m: ['small/s', { to: 'big/b', tier: 1 }] },
    )
    expect((await answer({ tools: [{ type: 'function', function: { name: 'f' } }] })).status).toBe(200)
    expect(vendor.calls.map(({ body }) => body['model'])).toEqual(['s', 'b'])
  })

  it('a client’s fault under 500 is asked once, and closes no key to others', async () => {
    await own(
      (call) => (call.body['seed'] ? refuse(call, 500, '1 validation error: seed') : answerWell(call, 'text')),
      { m: ['small/s'] },
    )
    for (let i = 0; i < 6; i++) expect((await answer({ seed: 1 })).status).toBe(400)
    expect(vendor.calls).toHaveLength(6)
    expect((await answer({})).status).toBe(200)
  })

  it('a stream of no bytes is asked for again without a stream, so that the cause is told', async () => {
    const tooLong = "This model's maximum context length is 256 tokens."
    await own(
      (call) => (call.stream ? void call.response.writeHead(200, EVENT_STREAM).end() : refuse(call, 400, tooLong)),
      { m: ['small/s'] },
    )
    const told = await answer({ stream: true })
    expect(told.status).toBe(400)
    expect(await told.json()).toMatchObject({ error: { code: 'context_length_exceeded', message: tooLong } })
    expect(vendor.calls.map(({ stream }) => stream)).toEqual([true, false])
  })

  it('seconds in the text of a 429 count', async () => {
    await own((call) => refuse(call, 429, 'Rate limit reached. Please try again in 37 seconds.'), { m: ['small/s'] })
    const told = await answer({})
    expect([told.status, told.headers.get('retry-after')]).toEqual([429, '37'])
  })
})

it('keys that all rest for hours are told as such, though each was tried', async () => {
  vendor = await startVendor(({ response }) => {
    const message = 'Usage limit reached for 5 hour. Your limit will reset at 2099-01-01 00:00:00'
    response.writeHead(429, JSON_TYPE).end(JSON.stringify({ error: { code: '1308', message } }))
  })
  gateway = await startGateway({
    providers: { glm: { format: 'zhipu', base_url: vendor.url, keys: KEYS } },
    server: { retries: KEYS.length - 1, retry_share: 1 },
  })
  const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'glm/glm-5', messages: [{ role: 'user', content: 'Hi' }] }),
  })
  expect([answer.status, vendor.calls.length]).toEqual([429, KEYS.length])
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(3600)
})

it.each([1, 3])('a wait of 3000 years is told as a day, with %s keys', async (count) => {
  vendor = await startVendor(({ response }) =>
    response.writeHead(429, { ...JSON_TYPE, 'retry-after': '99999999999' }).end('{"error":{"message":"slow down"}}'),
  )
  const provider = { format: 'openai-compatible', base_url: vendor.url, keys: KEYS.slice(0, count), models: ['s'] }
  gateway = await startGateway({ providers: { small: provider }, scheduler: { max_wait: '50ms' } })
  const told = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify({ model: 'small/s', messages: [{ role: 'user', content: 'Hi' }] }),
  })
  await told.text()
  expect([told.status, Number(told.headers.get('retry-after')) <= 86_400]).toEqual([429, true])
})

it('who asked a full key when its window begins, and was refused, waits on as if it had not left', async () => {
  const asked = new Map<string, number>()
  let refused = 0
  vendor = await startVendor((call) => {
    const before = asked.get(call.key) ?? -Infinity
    asked.set(call.key, performance.now())
    if (performance.now() - before > 500) return answerWell(call, 'text')
    refused++
    call.response.writeHead(429, JSON_TYPE).end('{"error":{"message":"slow down"}}')
  })
  const limits = [{ requests: 1, per: '1s', shape: 'fixed' }]
  const provider = { format: 'openai-compatible', base_url: vendor.url, keys: KEYS.slice(0, 2), models: ['s'], limits }
  gateway = await startGateway({
    providers: { small: provider },
    server: { refused_wait: 0, retries: 0, retry_share: 1 },
  })
  for (let nth = 0; nth < 3; nth++) expect((await readAnswer(gateway.url, 'small/s', false)).status).toBe(200)
  expect(refused).toBeLessThanOrEqual(1)
})
