import { once } from 'node:events'
import { createConnection } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FAULTS } from '../../src/sandbox/types.ts'
import type { Sandbox } from '../../src/sandbox/types.ts'
import { behaviourOf, MODELS } from '../../src/sandbox/models.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { ask, complete, events, fold, user } from './ask.ts'
import { faults } from './openai-schema.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox({ first_byte: 0, pace: 0 })
})
afterAll(() => sandbox.close())

/** Resolves when a condition of the sandbox's counters holds, looked at once a turn of the loop. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

describe('an error status', () => {
  it.each([
    ['sandbox-401', 401, 'invalid_api_key'],
    ['sandbox-429', 429, 'rate_limit_exceeded'],
    ['sandbox-quota', 429, 'insufficient_quota'],
    ['sandbox-500', 500, null],
    ['sandbox-503', 503, null],
    ['sandbox-418', 418, null],
  ])('is sent by %s', async (model, status, code) => {
    const response = await ask(sandbox, { model })
    const body: { error: { code: string } } = JSON.parse(await response.text())
    expect([response.status, body.error.code]).toEqual([status, code])
    expect(faults('ErrorResponse', body)).toBe('')
  })

  it('says when to come back', async () => {
    expect((await ask(sandbox, { model: 'sandbox-429' })).headers.get('retry-after')).toBe('1')
    const told = await ask(sandbox, { sandbox: { status: 503, retry_after: 2.5 } })
    expect([told.headers.get('retry-after'), told.headers.get('retry-after-ms')]).toEqual(['3', '2500'])
  })
})

describe('how it is told', () => {
  it('reads every word of a model name', () => {
    expect(behaviourOf('sandbox-think-slow')).toEqual({ think: true, first_byte: 2000, pace: 250 })
    expect(behaviourOf('provider/sandbox-error-first')).toEqual({ fault: 'error_first' })
    expect(behaviourOf('sandbox-fast-stall')).toMatchObject({ pace: 0, fault: 'stall' })
    expect(behaviourOf('other')).toBeNull()
    for (const fault of FAULTS) expect(MODELS).toContain(`sandbox-${fault.replaceAll('_', '-')}`)
  })

  it('obeys a header, a field of the body, an API key and its owner, each over the one before', async () => {
    expect((await ask(sandbox, { model: 'sandbox-500' }, { 'x-sandbox-status': '418' })).status).toBe(418)
    expect((await ask(sandbox, { sandbox: { status: 409 } }, { 'x-sandbox-status': '418' })).status).toBe(409)
    expect((await ask(sandbox, {}, { authorization: 'Bearer sandbox-401' })).status).toBe(401)
    const owned = await startSandbox({
      first_byte: 0,
      behave: ({ number }) => (number === 1 ? { status: 503 } : undefined),
    })
    expect([(await ask(owned, {})).status, (await ask(owned, {})).status]).toEqual([503, 200])
    await owned.close()
  })

  it('misbehaves for one API key only when told so', async () => {
    const body = { sandbox: { status: 500, key: 'key-2' } }
    expect((await ask(sandbox, body)).status).toBe(200)
    expect((await ask(sandbox, body, { authorization: 'Bearer key-2' })).status).toBe(500)
  })

  it('serves only the keys that it knows, where it knows some', async () => {
    const closed = await startSandbox({ first_byte: 0, keys: ['key-1'] })
    expect((await ask(closed, {})).status).toBe(200)
    expect((await ask(closed, {}, { authorization: 'Bearer key-2' })).status).toBe(401)
    await closed.close()
  })
})

describe('a broken stream', () => {
  const body = { messages: user('Say: one two three four five six') }

  it('is cut after half of its content, the connection broken', async () => {
    const response = await ask(sandbox, { ...body, model: 'sandbox-cut', stream: true })
    const decoder = new TextDecoder()
    let text = ''
    const reading = (async () => {
      for await (const bytes of response.body ?? []) text += decoder.decode(bytes, { stream: true })
    })()
    await expect(reading).rejects.toThrow()
    expect(text).toContain('" three"')
    expect(text).not.toContain('" four"')
  })

  it('is cut where it was told to be', async () => {
    const data = await events(sandbox, { ...body, sandbox: { fault: 'truncate', after: 1 } })
    expect(fold(data)).toMatchObject({ messages: [{ content: 'one' }], finishes: [] })
    expect(data).not.toContain('[DONE]')
  })

  it('ends in an error event', async () => {
    const data = await events(sandbox, { ...body, model: 'sandbox-error' })
    expect(faults('ErrorResponse', JSON.parse(data.at(-1) ?? ''))).toBe('')
    expect(data.join('')).toContain('" three"')
    expect(await events(sandbox, { ...body, model: 'sandbox-error-first' })).toHaveLength(1)
  })

  it('says nothing and succeeds', async () => {
    expect(fold(await events(sandbox, { ...body, model: 'sandbox-empty' }))).toMatchObject({
      messages: [{ content: '' }],
      finishes: ['stop'],
    })
    expect((await complete(sandbox, { model: 'sandbox-empty' })).choices[0]?.message.content).toBe('')
  })

  it('comes as careless servers send it', async () => {
    const usual = fold(await events(sandbox, body)).messages
    expect(await events(sandbox, { ...body, model: 'sandbox-no-done' })).not.toContain('[DONE]')
    expect(await (await ask(sandbox, { ...body, model: 'sandbox-crlf', stream: true })).text()).toMatch(
      /\r\n\r\ndata: /,
    )
    expect(fold(await events(sandbox, { ...body, model: 'sandbox-bytes' })).messages).toEqual(usual)
    const counted = { ...body, model: 'sandbox-no-usage', stream_options: { include_usage: true } }
    expect((await events(sandbox, counted)).join('')).not.toContain('"usage"')
  })

  it('stalls until the caller leaves', async () => {
    const aborted = sandbox.stats.aborted
    const gone = new AbortController()
    const response = await ask(sandbox, { ...body, model: 'sandbox-stall', stream: true }, {}, gone.signal)
    const reader = response.body?.getReader()
    expect((await reader?.read())?.done).toBe(false)
    expect(sandbox.stats.inFlight).toBe(1)
    gone.abort()
    await until(() => sandbox.stats.inFlight === 0)
    expect(sandbox.stats.aborted).toBe(aborted + 1)
  })
})

describe('no answer', () => {
  it('breaks the connection at once', async () => {
    await expect(ask(sandbox, { model: 'sandbox-reset' })).rejects.toThrow()
  })

  it('hangs until the caller leaves, and counts it', async () => {
    const { aborted } = sandbox.stats
    const gone = new AbortController()
    const asked = ask(sandbox, { model: 'sandbox-hang' }, {}, gone.signal)
    await until(() => sandbox.stats.inFlight === 1)
    gone.abort()
    await expect(asked).rejects.toThrow()
    await until(() => sandbox.stats.inFlight === 0)
    expect(sandbox.stats.aborted).toBe(aborted + 1)
  })

  it('is a blank, a page or half a JSON text under status 200', async () => {
    const texts = await Promise.all(
      ['blank', 'html', 'garbage'].map(async (fault) => {
        const response = await ask(sandbox, { model: `sandbox-${fault}` })
        return [response.status, await response.text()]
      }),
    )
    expect(texts).toEqual([
      [200, ''],
      [200, expect.stringContaining('<h1>')],
      [200, '{"id": "chatcmpl-'],
    ])
  })

  it('is what a caller gets whose request is not valid JSON', async () => {
    const response = await fetch(`${sandbox.url}/v1/chat/completions`, { method: 'POST', body: '{"model"' })
    expect([response.status, faults('ErrorResponse', await response.json())]).toEqual([400, ''])
  })
})

describe('closing', () => {
  it('ends at once, with requests that hang', async () => {
    const hung = await startSandbox()
    const asked = ask(hung, { model: 'sandbox-hang' }).then(
      () => 'answered',
      () => 'broken',
    )
    await until(() => hung.stats.inFlight === 1)
    await hung.close()
    expect(await asked).toBe('broken')
    const [error] = await once(createConnection(hung.port, '127.0.0.1'), 'error')
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('counts everything that it was asked', async () => {
    const counted = await startSandbox({ first_byte: 0, pace: 0 })
    const one = await complete(counted, {})
    await ask(counted, { model: 'sandbox-500' }, { authorization: 'Bearer key-2' })
    await counted.close()
    expect(counted.stats).toMatchObject({
      requests: 2,
      completed: 1,
      aborted: 0,
      inFlight: 0,
      tokens: one.usage.total_tokens,
    })
    expect(counted.stats.keys).toMatchObject({ 'key-1': { requests: 1 }, 'key-2': { requests: 1, tokens: 0 } })
  })
})
