/** Numbers that no double holds stay what they are, on every wire and both ways. */
import { expect, it } from 'vitest'
import { hasLongInteger } from '../../src/runtime/json/long-integer.ts'
import { parseFinite, readJson } from '../../src/runtime/json/json.ts'
import { ordinary, play, type Reply } from '../cases/stage.ts'

const ID = '2512292042121000001'

const reply = (body: string, type = 'application/json'): Reply => ({
  status: 200,
  headers: { 'content-type': type },
  body,
})

const keyOf: Record<string, unknown> = {
  bedrock: { access_key_id: 'AKIDEXAMPLE00', secret_access_key: 'sEcretExample0000000000', region: 'us-east-1' },
}
keyOf['bedrock-anthropic'] = keyOf['bedrock']

const provider = (format: string): Record<string, unknown> => ({
  providers: { p: { format, base_url: 'http://127.0.0.1:PORT', keys: [keyOf[format] ?? 'key-00000001'] } },
})

const CALL = `{"id":"c1","type":"function","function":{"name":"f","arguments":"{\\"a\\":${ID}}"}}`
const TOOL = `{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"type":"integer","maximum":${ID}}}}}}`
const BODY = `{"model":"p/m","seed":${ID},"messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[${CALL}]},
{"role":"tool","tool_call_id":"c1","content":"{\\"a\\":${ID}}"}],"tools":[${TOOL}]}`

/** Where the seed goes no further, three places are left. */
const PLACES: [format: string, places: number][] = [
  ['openai', 4],
  ['openai-compatible', 4],
  ['anthropic', 3],
  ['bedrock', 3],
  ['bedrock-anthropic', 3],
  ['gemini', 4],
  ['ollama', 4],
  ['cohere', 4],
  ['mistral', 4],
]

it.each(PLACES)('of the history, results, schemas and the seed reach %s', async (format, places) => {
  const { sent } = await play(provider(format), [BODY], [ordinary(format)])
  expect(sent[0]?.text.split(ID).length).toBe(places + 1)
})

const SSE = 'text/event-stream'
const ANSWERS: [name: string, format: string, stream: boolean, Reply][] = [
  [
    'anthropic json',
    'anthropic',
    false,
    reply(
      `{"id":"m","type":"message","role":"assistant","model":"c","content":[{"type":"tool_use","id":"t","name":"f","input":{"a":${ID}}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":1}}`,
    ),
  ],
  [
    'bedrock json',
    'bedrock',
    false,
    reply(
      `{"output":{"message":{"role":"assistant","content":[{"toolUse":{"toolUseId":"t","name":"f","input":{"a":${ID}}}}]}},"stopReason":"tool_use","usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2}}`,
    ),
  ],
  [
    'gemini stream',
    'gemini',
    true,
    reply(
      `data: {"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":${ID}}}}]},"finishReason":"STOP","index":0}]}\n\n`,
      SSE,
    ),
  ],
  [
    'ollama stream',
    'ollama',
    true,
    reply(
      `{"model":"m","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":${ID}}}}]},"done":false}\n{"model":"m","done":true,"done_reason":"stop","message":{"role":"assistant","content":""}}\n`,
      'application/x-ndjson',
    ),
  ],
]

it.each(ANSWERS)('of an answer come back: %s', async (_name, format, stream, answer) => {
  const request = { model: 'p/m', stream, messages: [{ role: 'user', content: 'x' }] }
  // beyond an integer: numbers that would be infinite, which JSON has no word for but null
  const numbers = [ID, '1e999', '-1E+400', `1.${'0'.repeat(250)}e309`, '9'.repeat(2000)]
  const replies = numbers.map((number) => ({ ...answer, body: answer.body.replace(ID, number) }))
  const { answers } = await play(
    provider(format),
    numbers.map(() => request),
    replies,
  )
  expect(answers.map(({ text }) => text)).toEqual(
    numbers.map((number) => expect.stringContaining(`{\\"a\\":${number}}`)),
  )
})

it.each([
  '1234567890123456',
  '{"a":1234567890123456789}',
  '[ -1234567890123456789]',
  `{"text":"${'x'.repeat(500)}","a":\n9007199254740993}`,
])('are found wherever they stand: %s', (text) => {
  expect(hasLongInteger(text)).toBe(true)
  expect(JSON.stringify(readJson(text)).replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''))
})

it.each(['{"a":123456789012345}', '{"a":0.1234567890123456789}', '"x1234567890123456789"', '"1234567890123456789"'])(
  'cost nothing where there are none: %s',
  (text) => expect(hasLongInteger(text)).toBe(false),
)

it.each([`[${'9'.repeat(2000)}]`, '{"a":[1e999,-1e999]}'])(
  'are written as they came where no double holds them: %s',
  (text) => {
    expect(JSON.stringify(readJson(text))).toBe(text)
    expect(parseFinite(text)).toBeUndefined()
  },
)

it.each(['{"a":1e308}', '{"a":1e-999}', '{"a":"1e999"}'])('are read where they are none: %s', (text) => {
  expect(parseFinite(text)).toEqual(JSON.parse(text))
})

it.each([
  ['max_tokens', '-5', 'integer_below_min_value'],
  ['max_completion_tokens', '99999999999999999999', 'integer_above_max_value'],
  ['n', '1000000000', 'integer_above_max_value'],
  ['n', '0', 'integer_below_min_value'],
  ['seed', '99999999999999999999', 'integer_above_max_value'],
  ['seed', '1.5', 'invalid_type'],
  ['seed', '"7"', 'invalid_type'],
  ['temperature', '1e308', 'decimal_above_max_value'],
  ['temperature', '-5', 'decimal_below_min_value'],
  ['top_p', '1.5', 'decimal_above_max_value'],
  ['top_logprobs', '-1', 'integer_below_min_value'],
])('are refused where nobody takes them: %s %s', async (field, value, code) => {
  const body = `{"model":"p/m","messages":[{"role":"user","content":"x"}],"${field}":${value}}`
  const { answers, sent } = await play(provider('openai'), [body], [ordinary('openai')])
  expect(answers[0]?.status).toBe(400)
  expect(JSON.parse(answers[0]?.text ?? '')).toMatchObject({ error: { param: field, code } })
  expect(sent).toEqual([])
})

it.each(PLACES.map(([format]) => format))(
  'a number of the history that no double holds keeps its digits to %s',
  async (format) => {
    const call = CALL.replace(ID, '1e999')
    const body = `{"model":"p/m","messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[${call}]},
{"role":"tool","tool_call_id":"c1","content":"{\\"a\\":1e999}"}],"tools":[${TOOL}]}`
    const { sent } = await play(provider(format), [body], [ordinary(format)])
    expect(sent[0]?.text.split('1e999').length).toBe(3)
    expect(sent[0]?.text).not.toMatch(/"a\\?":null/)
  },
)

const ANSWER = (number: string): Reply =>
  reply(
    `{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\\"a\\":${number}}"}}]}}]}`,
  )

it.each([ID, '1e999', `1${'0'.repeat(250)}e99`])(
  'a number of a call keeps its digits at each door whose calls are objects: %s',
  async (number) => {
    const messages = [{ role: 'user', content: 'x' }]
    const doors = [
      ['/v1/messages', { model: 'p/m', max_tokens: 9, messages }],
      [`/v1beta/models/${encodeURIComponent('p/m')}:generateContent`, { contents: [{ parts: [{ text: 'x' }] }] }],
      ['/api/chat', { model: 'p/m', messages, stream: false }],
    ] as const
    for (const [path, body] of doors) {
      const { answers } = await play(
        { ...provider('openai'), server: { ollama: true } },
        [body],
        [ANSWER(number)],
        path,
      )
      expect(answers[0]?.text).toMatch(new RegExp(`"a\\\\?":${number}`))
    }
  },
)
