import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { registerJsonBody } from '../../src/api/json-body.ts'

async function post(payload: string): Promise<{ status: number; body: unknown }> {
  const app = Fastify()
  registerJsonBody(app)
  app.post('/', (request) => ({ body: request.body, kept: request.bodyBytes?.toString() ?? null }))
  const response = await app.inject({
    method: 'POST',
    url: '/',
    headers: { 'content-type': 'application/json' },
    payload,
  })
  return { status: response.statusCode, body: response.json() }
}

describe('a JSON body', () => {
  it('is parsed, and its bytes are kept', async () => {
    const text = '{"a": "é", "b":[1, 2]}'
    expect(await post(text)).toEqual({ status: 200, body: { body: { a: 'é', b: [1, 2] }, kept: text } })
  })

  it('is parsed where it speaks of constructors, or escapes its letters', async () => {
    expect((await post('{"a":"the \\"constructor\\" of caf\\u00e9"}')).body).toMatchObject({
      body: { a: 'the "constructor" of café' },
    })
    expect((await post('{"constructor":"text"}')).status).toBe(200)
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
