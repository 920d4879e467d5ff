import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { registerJsonBody } from '../../src/api/http/json-body.ts'

async function post(payload: string): Promise<{ status: number; body: unknown }> {
  const app = Fastify()
  registerJsonBody(app, { json_depth: 20, messages: 10, tools: 10 })
  app.post('/', (request) => ({ body: request.body, kept: request.bodyBytes?.json.toString() ?? null }))
  const response = await app.inject({
    method: 'POST',
    url: '/',
    headers: { 'content-type': 'application/json' },
    payload,
  })
  return { status: response.statusCode, body: response.json() }
}

describe('a JSON body', () => {
  it('is parsed, and the bytes of a long one are kept', async () => {
    const text = `{"a": "é", "b":[1, 2], "c": "${'long '.repeat(4000)}"}`
    expect(await post(text)).toMatchObject({ status: 200, body: { body: { a: 'é', b: [1, 2] }, kept: text } })
    expect(await post('{"a":1}')).toEqual({ status: 200, body: { body: { a: 1 }, kept: null } })
  })

  it('is not kept where an escape could hide a key', async () => {
    const text = `{"mod\\u0065l":"x","c":"${'long '.repeat(4000)}"}`
    expect((await post(text)).body).toMatchObject({ body: { model: 'x' }, kept: null })
  })

  it('is kept where escapes stand for colours of a terminal, or for accents', async () => {
    for (const escape of ['\\u001b[31m', 'caf\\u00e9', 'u0065', '\\u2019']) {
      const text = `{"model":"x","c":"${escape}${'long '.repeat(4000)}"}`
      expect((await post(text)).body).toMatchObject({ kept: text })
    }
  })

  it.each(['\\u002e', '\\u005f', '\\u0065', '\\u007a', '\\u00e9'.repeat(501)])(
    'is not kept with %s',
    async (escape) => {
      const text = `{"model":"x","c":"${'long '.repeat(4000)}${escape}"}`
      expect((await post(text)).body).toMatchObject({ kept: null })
    },
  )

  it('is parsed where it speaks of constructors, or escapes its letters', async () => {
    expect((await post('{"a":"the \\"constructor\\" of caf\\u00e9"}')).body).toMatchObject({
      body: { a: 'the "constructor" of café' },
    })
    expect((await post('{"constructor":"text"}')).status).toBe(200)
  })

  it.each(['1e999', '-1e400', '1'.repeat(1200)])('is refused where no double holds a number: %s', async (number) => {
    for (const payload of [`{"a":${number}}`, `{"tools":[{"a":{"b":[0,${number}]}}]}`]) {
      const answer = await post(payload)
      expect(answer.status).toBe(400)
      expect(JSON.stringify(answer.body)).toContain('beyond what a double holds')
    }
    expect((await post('{"a":1e308,"b":-1e-999}')).status).toBe(200)
  })

  it.each([
    '{"__proto__":{"x":1}}',
    '{"\\u005f_proto__":{"x":1}}',
    '{"constructor":{"prototype":{"x":1}}}',
    '{"a":',
    '',
  ])('is refused when it would poison a prototype, or is none: %s', async (payload) => {
    expect((await post(payload)).status).toBe(400)
  })
})
