import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { checkFormatFile } from '../../src/config/sections/formats.ts'
import { withPrefix } from '../../src/upstream/request/assistant-prefix.ts'
import { spliceBody } from '../../src/upstream/request/body-splice.ts'

const parse = (bytes: Buffer): Record<string, unknown> => JSON.parse(bytes.toString()) as Record<string, unknown>
const spliced = (text: string, change: (body: Record<string, unknown>) => Record<string, unknown>) => {
  const bytes = Buffer.from(text)
  const source = parse(bytes)
  return spliceBody(change(source), source, { json: bytes })?.toString()
}

describe('a body whose bytes go on', () => {
  test('has another model and further fields, and everything else as the client wrote it', () => {
    const text = '{ "model" : "fast",\n"messages":[{"role":"user","content":"the \\"model\\" – é"}], "seed": 1.50 } \n'
    expect(spliced(text, (body) => ({ ...body, model: 'gpt-"x"', stream_options: { include_usage: true } }))).toBe(
      '{ "model" : "gpt-\\"x\\"",\n"messages":[{"role":"user","content":"the \\"model\\" – é"}], "seed": 1.50 ' +
        ',"stream_options":{"include_usage":true}} \n',
    )
  })

  test.each([
    ['the key stands in two places', '{"metadata":{"model":"fast"},"model":"fast"}', { model: 'x' }],
    ['its letters are a value as well', '{"role":"model","model":"fast"}', { model: 'x' }],
    ['its value is written with escapes', '{"model":"f\\/ast"}', { model: 'x' }],
    ['what changed is no text', '{"model":"fast","n":1}', { n: 2 }],
  ])('is written anew where %s', (_, text, changes) => {
    expect(spliced(text, (body) => ({ ...body, ...changes }))).toBeUndefined()
  })

  test('is written anew where a field was taken out', () => {
    expect(spliced('{"model":"fast","user":"me"}', ({ model }) => ({ model }))).toBeUndefined()
  })

  test('says what JSON.stringify would say, whatever it holds', () => {
    const key = fc.oneof(fc.constantFrom('model', 'stream', 'a"b', 'é', 'messages'), fc.string())
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom('model', '"model"', 'fast', '}', '{"model":"fast"}'),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(key, tie('any'), { maxKeys: 3 }),
      ),
    })).any
    const indent = fc.constantFrom(undefined, 2, '\t')
    let done = 0
    fc.assert(
      fc.property(
        fc.dictionary(key, value),
        fc.string(),
        fc.dictionary(key, value),
        indent,
        (rest, model, more, space) => {
          const text = JSON.stringify({ ...rest, model: 'fast' }, null, space)
          fc.pre(!text.includes('\\u00') && !text.includes('"__proto__"'))
          const source = JSON.parse(text) as Record<string, unknown>
          const body = { ...source, ...JSON.parse(JSON.stringify(more)), model }
          const result = spliceBody(body, source, { json: Buffer.from(text) })
          if (result === undefined) return
          done++
          expect(JSON.parse(result.toString())).toEqual(JSON.parse(JSON.stringify(body)))
        },
      ),
      { numRuns: 500 },
    )
    expect(done).toBeGreaterThan(50)
  })
})

describe('a long body', () => {
  const long = 'What does the tide carry? '.repeat(1000)
  const text = JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: long }] })
  const body = JSON.parse(text) as Record<string, unknown>
  const request = { ...parseChatRequest(body), received: { body, bytes: { json: Buffer.from(text) } } }
  const target = { base_url: 'http://127.0.0.1:1/v1', model: 'theirs', secret: 'key', headers: {} }
  const format = checkFormatFile(fileURLToPath(new URL('../../src/formats/openai.yaml', import.meta.url)))

  test('reaches an upstream of the same wire as the bytes that came, its model aside', () => {
    const sent = format.encode(request, target).request.body
    expect(sent).toBeInstanceOf(Uint8Array)
    expect(parse(Buffer.from(sent))).toEqual({ ...body, model: 'theirs' })
  })

  test('is written anew when a broken answer goes on: what the client has seen of it goes along', () => {
    const sent = format.encode(withPrefix(request, 'The tide', { message: {}, body: {} }), target).request.body
    expect(parse(Buffer.from(sent))['messages']).toHaveLength(2)
  })
})
