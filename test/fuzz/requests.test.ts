/** Whatever a client sends: refused with a reason or written for a vendor, and the server lives on. */
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { checkChatRequest } from '../../src/api/chat-completions/request/schema/schema.ts'
import { GatewayError } from '../../src/chat/error.ts'
import { checkFormatFile, shippedNames } from '../../src/config/sections/formats.ts'
import { cacheAffinityKey } from '../../src/gateway/cache-affinity-key.ts'
import { estimateInput, needsOf } from '../../src/gateway/estimate.ts'
import { SANDBOX, startGateway, type TestGateway } from '../end-to-end/gateway.ts'
import { effort, PATIENCE } from './effort.ts'
import { NO_TEXT } from './hostile-values.ts'

const FORMATS = shippedNames().map((name) => checkFormatFile(`src/formats/${name}.yaml`))

const odd = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double(),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constant([]),
  fc.constant({}),
  fc.constantFrom(NO_TEXT, [NO_TEXT]),
  fc.jsonValue({ maxDepth: 3 }),
)
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', ' ', '../x', '\u0000', '\ud800', '{"a":1}'),
)
const part = fc.oneof(
  fc.record({ type: fc.constant('text'), text }),
  fc.record({
    type: fc.constant('image_url'),
    image_url: fc.record({
      url: fc.oneof(text, fc.constantFrom('data:image/png;base64,AAAA', 'https://x.example/a.png', 'data:,')),
    }),
  }),
  fc.record({ type: fc.constant('input_audio'), input_audio: fc.record({ data: text, format: text }) }),
  fc.record({ type: fc.constant('file'), file: fc.record({ file_data: text, filename: text }, { requiredKeys: [] }) }),
  odd,
)
const call = fc.record({
  id: text,
  type: fc.constant('function'),
  function: fc.record({ name: text, arguments: text }),
})
const message = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record(
      {
        role: fc.constantFrom('system', 'user', 'assistant', 'tool', 'developer'),
        content: fc.oneof(text, fc.array(part, { maxLength: 3 }), odd),
        tool_calls: fc.array(call, { maxLength: 2 }),
        tool_call_id: text,
        name: text,
      },
      { requiredKeys: ['role'] },
    ),
  },
  { weight: 1, arbitrary: odd },
)
const tool = fc.oneof(
  fc.record({
    type: fc.constant('custom'),
    custom: fc.record({ name: text, format: fc.oneof(odd, fc.record({ grammar: odd })) }, { requiredKeys: ['name'] }),
  }),
  fc.record({
    type: fc.constant('function'),
    function: fc.record({ name: text, parameters: odd, strict: fc.boolean() }, { requiredKeys: ['name'] }),
  }),
  odd,
)
const body = fc.record(
  {
    model: fc.oneof(fc.constantFrom('fast', 'auto', 'sandbox/sandbox-fast'), text, odd),
    messages: fc.oneof({ weight: 9, arbitrary: fc.array(message, { maxLength: 5 }) }, { weight: 1, arbitrary: odd }),
    tools: fc.oneof(fc.array(tool, { maxLength: 3 }), odd),
    tool_choice: fc.oneof(
      fc.constantFrom('auto', 'none', 'required', { type: 'function', function: { name: 'f' } }),
      odd,
    ),
    stream: fc.boolean(),
    max_tokens: odd,
    temperature: odd,
    stop: odd,
    n: odd,
    response_format: fc.oneof(
      fc.constantFrom(
        { type: 'json_object' },
        { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } },
      ),
      odd,
    ),
    reasoning_effort: fc.oneof(fc.constantFrom('low', 'high', 'none'), odd),
    extra_body: odd,
    metadata: odd,
    sandbox: odd,
  },
  { requiredKeys: ['model', 'messages'] },
)

test('random requests are refused with a reason, or written in every format', { timeout: PATIENCE }, () => {
  fc.assert(
    fc.property(body, fc.constantFrom(...FORMATS), (written, format) => {
      const sent = JSON.parse(JSON.stringify(written)) as Record<string, unknown>
      if (checkChatRequest(sent) !== undefined) return
      try {
        const request = parseChatRequest(sent)
        expect(estimateInput(request)).toBeGreaterThan(0)
        needsOf(request)
        cacheAffinityKey(request, {})
        const target = { base_url: 'https://x.example/v1', model: 'm', secret: 'k', headers: {} }
        const { request: encoded } = format.encode(request, target)
        JSON.parse(String(encoded.body))
        expect(new URL(encoded.url).host).toBe('x.example')
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error
        expect(error.status).toBeGreaterThanOrEqual(400)
        expect(error.status).toBeLessThan(500)
      }
    }),
    effort(3000),
  )
})

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startGateway(SANDBOX)
})
afterAll(() => gateway.close())

test('random bodies over the wire never make a 5xx', { timeout: PATIENCE }, async () => {
  const bytes = fc.oneof(
    { weight: 6, arbitrary: body.map((each) => JSON.stringify(each)) },
    { weight: 2, arbitrary: fc.json() },
    { weight: 2, arbitrary: fc.string({ unit: 'binary' }) },
  )
  await fc.assert(
    fc.asyncProperty(bytes, async (sent) => {
      const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-max-wait': '1' },
        body: sent,
      })
      await answer.text()
      expect(answer.status).toBeLessThan(500)
    }),
    effort(300),
  )
  expect(gateway.app.scheduler.report().inFlight).toBe(0)
  expect((await fetch(`${gateway.url}/health`)).status).toBe(200)
})

test('random URLs and methods never make a 5xx', { timeout: PATIENCE }, async () => {
  const route = fc.oneof(
    fc.webPath(),
    fc.constantFrom(
      '/v1/models/',
      '/v1/models/%',
      '/v1/models/%00',
      '//',
      '/v1/../health',
      '/llm/keys/x',
      '/v1/models/__proto__',
    ),
  )
  await fc.assert(
    fc.asyncProperty(
      route,
      fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'),
      async (path, method) => {
        const answer = await fetch(gateway.url + path, { method })
        await answer.text()
        expect(answer.status).toBeLessThan(500)
      },
    ),
    effort(200),
  )
})
