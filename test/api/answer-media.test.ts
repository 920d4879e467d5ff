/** Pictures, sound and code that ran, at the doors of other APIs: told where the API has a place for them, else as a loss. */
import { expect, test } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import * as content from '../../src/api/generate-content/answer.ts'
import { createResponseWriter, SERVER_SENT } from '../../src/api/generate-content/events.ts'
import type { AnswerWriter, WholeAnswer } from '../../src/api/inbound/inbound-api.ts'
import { createTextCompletion } from '../../src/api/completions/answer.ts'
import { createTextWriter } from '../../src/api/completions/events.ts'
import { createMessage } from '../../src/api/messages/answer.ts'
import { createMessageWriter } from '../../src/api/messages/events.ts'
import { createLineAnswer } from '../../src/api/ollama/answer.ts'
import { createLineWriter } from '../../src/api/ollama/events.ts'
import { chatWording, generateWording } from '../../src/api/ollama/lines.ts'
import * as responses from '../../src/api/responses/answer.ts'
import { createEventWriter } from '../../src/api/responses/events.ts'
import { readConversation } from '../../src/api/responses/input-items.ts'
import type { Delta } from '../../src/chat/delta.ts'
import { complete, deltasOf, stream } from './say.ts'
import { against } from './openai-schema.ts'

const chat = parseChatRequest({ model: 'm', messages: [{ role: 'user', content: 'Draw' }] })
const picture = (url: string): Delta => ({ images: [{ type: 'image_url', image_url: { url } }] })
const deltas: Delta[] = [
  { text: 'Here: ' },
  picture('data:image/webp;base64,UElD'),
  picture('data:image/png;base64,VFdP'),
  { text: 'and ' },
  { audio: { data: 'U09VTkQ=', mime_type: 'audio/L16;rate=24000' } },
  { audio: { data: 'TU9SRQ==', mime_type: 'audio/L16;rate=24000' } },
  { audio: { transcript: 'said' } },
  { server_tools: [{ type: 'code', language: 'PYTHON', code: '1 + 1' }] },
  { server_tools: [{ type: 'code_result', outcome: 'OUTCOME_OK', output: '2' }] },
  { finish_reason: 'stop' },
]

const IMAGES = expect.stringMatching(/^images /)
const AUDIO = expect.stringMatching(/^audio /)
const TOOLS = expect.stringMatching(/^server_tools /)

function whole(
  make: (tellLoss: (loss: string) => void) => WholeAnswer,
  said = deltas,
): { body: unknown; losses: string[] } {
  const losses: string[] = []
  const answer = make((loss) => void losses.push(loss))
  answer.take(structuredClone(said))
  return { body: answer.end(true), losses }
}

interface Event {
  type: string
  item?: { type: string }
  image?: string
  candidates: [{ content: { parts: unknown[] } }]
}

function streamed(
  make: (tellLoss: (loss: string) => void) => AnswerWriter,
  done = '-',
  said = deltas,
): { events: Event[]; losses: string[] } {
  const losses: string[] = []
  const writer = make((loss) => void losses.push(loss))
  const text = said.map((delta) => writer.write([structuredClone(delta)])).join('') + writer.end(true)
  const lines = text
    .replace(`data: ${done}`, '')
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data: ') || line.startsWith('{'))
  return { events: lines.map((line) => JSON.parse(line.replace(/^data: /, '')) as Event), losses }
}

test('chat says the type of the sound once, as clients join texts', () => {
  const read = deltasOf(stream(deltas)).map(({ audio }) => (audio as { mime_type?: string } | undefined)?.mime_type)
  expect(read.filter(Boolean)).toEqual(['audio/L16;rate=24000'])
  expect(complete(deltas).choices[0]?.message['audio']).toMatchObject({ mime_type: 'audio/L16;rate=24000' })
})

test('legacy completions are text alone', () => {
  const before = { echo: '', offset: 0 }
  const { body, losses } = whole((tellLoss) => createTextCompletion(chat, { model: 'm', created: 1 }, before, tellLoss))
  expect(body).toMatchObject({ choices: [{ text: 'Here: and said' }] })
  expect(losses).toEqual([IMAGES, AUDIO, TOOLS])
  const told = streamed((tellLoss) => createTextWriter(chat, { model: 'm', created: 1 }, before, tellLoss), '[DONE]')
  expect(told.losses).toEqual([IMAGES, AUDIO, TOOLS])
})

test('Messages has no place for any of them', () => {
  const { body, losses } = whole((tellLoss) => createMessage(chat, 'm', tellLoss))
  expect(body).toMatchObject({ content: [{ type: 'text', text: 'Here: and said' }] })
  expect(losses).toEqual([IMAGES, AUDIO, TOOLS])
  const told = streamed((tellLoss) => createMessageWriter(chat, tellLoss))
  expect(told.losses).toEqual([IMAGES, AUDIO, TOOLS])
  expect(told.events.filter(({ type }) => type === 'content_block_start')).toHaveLength(1)
})

const meta = { id: 'resp_1', model: 'm', created: 1, body: {} }
const nobody = (): void => {}

test('Responses tells pictures as items of their own', () => {
  const { body, losses } = whole((tellLoss) => responses.createResponse(chat, meta, new Map(), nobody, tellLoss))
  const items = [
    { type: 'message', content: [{ text: 'Here: ' }] },
    { id: expect.stringMatching(/^ig_/), type: 'image_generation_call', status: 'completed', result: 'UElD' },
    { type: 'image_generation_call', status: 'completed', result: 'VFdP', output_format: 'png' },
    { type: 'message', content: [{ text: 'and said' }] },
  ]
  expect(body).toMatchObject({ output: items })
  expect(losses).toEqual([AUDIO, TOOLS])
  const told = streamed((tellLoss) => createEventWriter(chat, meta, new Map(), nobody, tellLoss))
  expect(told.losses).toEqual([AUDIO, TOOLS])
  expect(told.events.at(-1)).toMatchObject({ type: 'response.completed', response: { output: items } })
  const drawn = told.events.filter((event) => event.item?.type === 'image_generation_call' || /image/.test(event.type))
  expect(drawn.slice(0, 4)).toMatchObject([
    { type: 'response.output_item.added', output_index: 1, item: { status: 'in_progress', result: null } },
    { type: 'response.image_generation_call.in_progress', output_index: 1 },
    { type: 'response.image_generation_call.completed', output_index: 1 },
    { type: 'response.output_item.done', output_index: 1, item: { status: 'completed', result: 'UElD' } },
  ])
  for (const event of drawn) expect(against('ResponseStreamEvent', event)).toBeUndefined()
})

test('Responses takes its pictures back, and says of one that is told by its id alone', () => {
  const drawn = { type: 'image_generation_call', id: 'ig_1', status: 'completed' }
  const { messages, leftOut } = readConversation([
    { role: 'user', content: 'Draw' },
    { ...drawn, result: 'UElD', output_format: 'webp' },
    { ...drawn, result: null },
    { role: 'user', content: 'Red' },
  ])
  expect(messages).toEqual([
    { role: 'user', content: 'Draw' },
    {
      role: 'assistant',
      content: null,
      images: [{ type: 'image_url', image_url: { url: 'data:image/webp;base64,UElD' } }],
    },
    { role: 'user', content: 'Red' },
  ])
  expect(leftOut).toEqual(['image_generation_call items without their result'])
})

test('a picture is told whole at once, also before a stream that breaks', () => {
  const writer = createEventWriter(chat, meta, new Map(), nobody, nobody)
  const text = writer.write([picture('data:image/jpg;base64,UElD')])
  const item = '"status":"completed","result":"UElD","output_format":"jpeg"'
  expect(text).toMatch(new RegExp(`response.output_item.done.*${item}`))
  const end = writer.end(false)
  expect(end).toMatch(new RegExp(`response.failed.*${item}`))
})

test('generateContent has parts for all of them', () => {
  const parts = [
    { inlineData: { mimeType: 'image/webp', data: 'UElD' } },
    { inlineData: { mimeType: 'image/png', data: 'VFdP' } },
    { text: 'and ' },
    { inlineData: { mimeType: 'audio/L16;rate=24000', data: 'U09VTkQ=' } },
    { inlineData: { mimeType: 'audio/L16;rate=24000', data: 'TU9SRQ==' } },
    { text: 'said' },
    { executableCode: { language: 'PYTHON', code: '1 + 1' } },
    { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '2' } },
  ]
  const { body, losses } = whole((tellLoss) => content.createResponse(chat, 'm', tellLoss))
  expect(body).toMatchObject({ candidates: [{ content: { parts: [{ text: 'Here: ' }, ...parts] } }] })
  const told = streamed((tellLoss) => createResponseWriter(chat, SERVER_SENT, tellLoss))
  const parted = told.events.flatMap(({ candidates }) => candidates[0].content.parts)
  expect(parted).toEqual([{ text: 'Here: ' }, ...parts, { text: '' }])
  expect([...losses, ...told.losses]).toEqual([])
})

test('a picture that stands elsewhere is a file of generateContent', () => {
  const answer = content.createResponse(chat, 'm')
  answer.take([picture('https://a.example/p.png'), { finish_reason: 'stop' }])
  const part = { fileData: { mimeType: 'image/png', fileUri: 'https://a.example/p.png' } }
  expect(answer.end(true)).toMatchObject({ candidates: [{ content: { parts: [part] } }] })
})

const line = { model: 'm', now: () => 1000, started: 0 }

test('Ollama has pictures', () => {
  const { body, losses } = whole((t) => createLineAnswer(chat, { ...line, wording: chatWording }, false, t))
  expect(body).toMatchObject({ message: { content: 'Here: and said', images: ['UElD', 'VFdP'] } })
  expect(losses).toEqual([AUDIO, TOOLS])
  const told = streamed((t) => createLineWriter(chat, { ...line, wording: generateWording }, false, t))
  expect(told.events.map(({ image }) => image).filter(Boolean)).toEqual(['UElD', 'VFdP'])
  expect(told.losses).toEqual([AUDIO, TOOLS])
})

test('citations are told by Responses, and as a loss by APIs whose own only their maker can write', () => {
  const url_citation = { url: 'https://a.example/', title: 'A', start_index: 0, end_index: 2 }
  const cited: Delta[] = [
    { text: 'Hi' },
    { annotations: [{ type: 'url_citation', url_citation }] },
    { annotations: [{ type: 'url_citation', url_citation }] },
    { finish_reason: 'stop' },
  ]
  const CITATIONS = expect.stringMatching(/^annotations /)
  type Tell = (loss: string) => void
  const wholes: [(tell: Tell) => WholeAnswer, unknown[]][] = [
    [(tell) => createMessage(chat, 'm', tell), [CITATIONS]],
    [(tell) => content.createResponse(chat, 'm', tell), [CITATIONS]],
    [(tell) => createLineAnswer(chat, { ...line, wording: chatWording }, false, tell), [CITATIONS]],
    [(tell) => createTextCompletion(chat, { model: 'm', created: 1 }, { echo: '', offset: 0 }, tell), [CITATIONS]],
    [(tell) => responses.createResponse(chat, meta, new Map(), nobody, tell), []],
  ]
  for (const [make, losses] of wholes) expect(whole(make, cited).losses).toEqual(losses)
  const writers: [(tell: Tell) => AnswerWriter, unknown[]][] = [
    [(tell) => createMessageWriter(chat, tell), [CITATIONS]],
    [(tell) => createTextWriter(chat, { model: 'm', created: 1 }, { echo: '', offset: 0 }, tell), [CITATIONS]],
    [(tell) => createEventWriter(chat, meta, new Map(), nobody, tell), []],
  ]
  for (const [make, losses] of writers) expect(streamed(make, '[DONE]', cited).losses).toEqual(losses)
})
