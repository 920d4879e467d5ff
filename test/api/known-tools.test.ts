import Fastify, { type FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { registerJsonBody } from '../../src/api/http/json-body.ts'
import { createKnownParts, type KnownParts } from '../../src/api/http/known/known-parts.ts'

const tool = (name: string, text = 'x'): unknown => ({
  type: 'function',
  function: {
    name,
    description: `${text} "${name}" \\ é [{`.repeat(40),
    parameters: { type: 'object', properties: {} },
  },
})
const TOOLS = [tool('read'), tool('write')]
const KNOWN = JSON.stringify(TOOLS)

function server(): FastifyInstance {
  const app = Fastify()
  registerJsonBody(app, { json_depth: 20, messages: 10, tools: 10 })
  app.post('/', (request) => ({ body: request.body }))
  return app
}

async function post(app: FastifyInstance, payload: string): Promise<{ status: number; body: unknown }> {
  const headers = { 'content-type': 'application/json' }
  const response = await app.inject({ method: 'POST', url: '/', headers, payload })
  return { status: response.statusCode, body: response.statusCode === 200 ? response.json() : response.json().message }
}

function teach(known: KnownParts, body: Buffer): void {
  known.learn(body, JSON.parse(body.toString()), undefined)
}

/** The list stands where `@` does. */
const put = (body: string, list = KNOWN): string => body.replaceAll('@', () => list)

describe('tools that came before', () => {
  it('are one value, wherever they stand', () => {
    const known = createKnownParts((learn) => learn())
    const first = Buffer.from(put('{"model":"a","tools":@}'))
    teach(known, first)
    const longer = Buffer.from(put('{"model":"another","messages":[],"tools":@}'))
    const found = known.read(longer)
    expect(found?.tools?.tools).toEqual(TOOLS)
    expect(found?.body).toMatchObject({ model: 'another', messages: [] })
    expect(known.read(first)?.tools?.tools).toBe(found?.tools?.tools)
    const before = Buffer.from(put('{"tools":@,"messages":[1,2,3]}'))
    expect(known.read(before)).toBeUndefined()
    teach(known, before)
    expect(known.read(Buffer.from(put('{"tools":@,"messages":[]}')))?.tools?.tools).toBe(found?.tools?.tools)
  })

  it('are other tools when one byte of them is another', () => {
    const known = createKnownParts((learn) => learn())
    const first = Buffer.from(put('{"tools":@}'))
    teach(known, first)
    expect(known.read(Buffer.from(first.toString().replace('write', 'wrote')))).toBeUndefined()
  })

  it('are forgotten when many others came', () => {
    const known = createKnownParts((learn) => learn())
    const bodies = Array.from({ length: 40 }, (_, i) =>
      Buffer.from(JSON.stringify({ tools: [tool(`t${i}`), tool('b')] })),
    )
    for (const body of bodies) teach(known, body)
    expect(known.read(bodies[0] ?? Buffer.alloc(0))).toBeUndefined()
    expect(known.read(bodies[39] ?? Buffer.alloc(0))).toBeDefined()
  })

  it.each([
    '{"tools":@,"tools":[1]}',
    '{"tools":[1],"tools":@}',
    '{"tools":1,"a":{"tools":@}}',
    '{"a":{"tools":@}}',
    '{"a":[@],"tools":@}',
    '{"tools":[@]}',
    '{"tools": @ }',
    '{"messages":[{"tools":@}],"tools":@}',
    '{"x\\",\\"tools":@}',
    '{"tools":"@"}',
    '{"tools":@',
    '{"tools":@,}',
    '[@]',
    '@',
    '{"tools":@,"n":12345678901234567890}',
    '{"tools":@,"a":{"__proto__":1}}',
    `{"tools":@,"a":${'['.repeat(30)}${']'.repeat(30)}}`,
    '{"tools":@,"messages":[1,2,3,4,5,6,7,8,9,10,11]}',
    '\ufeff{"tools":@}',
  ])('change nothing of what a body says: %s', async (body) => {
    const once = await post(server(), put(body))
    const app = server()
    for (const learnt of ['{"tools":@}', '{"a":1,"tools":@}', body, body]) await post(app, put(learnt))
    expect(await post(app, put(body))).toEqual(once)
  })

  it('are known in a body with space between its marks', () => {
    const known = createKnownParts((learn) => learn())
    const spaced = Buffer.from(JSON.stringify({ messages: ['the "tools":['], tools: TOOLS }, null, 2))
    teach(known, spaced)
    expect(known.read(spaced)?.tools?.tools).toEqual(TOOLS)
  })
})
