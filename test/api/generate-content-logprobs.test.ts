/** generateContent's log probabilities, of wires that tell them in OpenAI's form. */
import { expect, test } from 'vitest'
import { createResponse } from '../../src/api/generate-content/answer.ts'
import { createResponseWriter, SERVER_SENT } from '../../src/api/generate-content/events.ts'
import { toChat } from '../../src/api/generate-content/request.ts'
import type { Delta } from '../../src/chat/delta.ts'

const generationConfig = { responseLogprobs: true, logprobs: 2 }
const chat = toChat({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }], generationConfig }, 'm', true)
const entry = (token: string): object => ({
  token,
  logprob: -0.5,
  bytes: null,
  top_logprobs: [{ token: `${token}!`, logprob: -2 }],
})
const told = (...tokens: string[]): object => ({
  chosenCandidates: tokens.map((token) => ({ token, logProbability: -0.5 })),
  topCandidates: tokens.map((token) => ({ candidates: [{ token: `${token}!`, logProbability: -2 }] })),
})
const deltas: Delta[] = [
  { text: 'Hel', logprobs: { content: [entry('Hel')] } },
  { text: 'lo', logprobs: { content: [entry('lo')] } },
  { finish_reason: 'stop' },
]

test('are asked for, and told with the whole answer and with each piece', () => {
  expect(chat).toMatchObject({ logprobs: true, top_logprobs: 2 })
  expect(chat.losses).toBeUndefined()
  const whole = createResponse(chat, 'm')
  whole.take(deltas)
  expect(whole.end(true)).toMatchObject({ candidates: [{ logprobsResult: told('Hel', 'lo') }] })
  const writer = createResponseWriter(chat, SERVER_SENT)
  const events = (writer.write(deltas) + writer.end(true))
    .split('\r\n\r\n')
    .filter((event) => event !== '')
    .map((event) => JSON.parse(event.slice('data: '.length)) as object)
  expect(events).toMatchObject([
    { candidates: [{ content: { parts: [{ text: 'Hel' }] }, logprobsResult: told('Hel') }] },
    { candidates: [{ content: { parts: [{ text: 'lo' }] }, logprobsResult: told('lo') }] },
    { candidates: [{ finishReason: 'STOP' }] },
  ])
})
