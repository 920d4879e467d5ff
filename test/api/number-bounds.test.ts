/** Numbers that no vendor takes are refused at each door, with the name that they have there. */
import { expect, test } from 'vitest'
import { readCompletions } from '../../src/api/completions/request.ts'
import { checkChatRequest } from '../../src/api/chat-completions/request/schema/schema.ts'
import { checkGenerateContent } from '../../src/api/generate-content/schema.ts'
import { checkChat } from '../../src/api/ollama/schema.ts'
import { checkMessages } from '../../src/api/messages/schema.ts'
import type { GatewayError } from '../../src/chat/error.ts'

const messages = [{ role: 'user', content: 'Hi' }]
const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }]

type Door = (fields: Record<string, unknown>) => GatewayError | undefined

const DOORS: Record<string, Door> = {
  chat: (fields) => checkChatRequest({ model: 'm', messages, ...fields }),
  messages: (fields) => checkMessages({ model: 'm', messages, max_tokens: 5, ...fields }),
  completions: (fields) => {
    try {
      readCompletions({ body: { model: 'm', prompt: 'Hi', ...fields }, headers: {} } as never)
      return undefined
    } catch (error) {
      return error as GatewayError
    }
  },
  ollama: (fields) => checkChat({ model: 'm', messages, options: fields }),
  'generate-content': (fields) => checkGenerateContent({ contents, generationConfig: fields }),
}

/** What JSON has for `1e999` is no number that could be sent on. */
const ASTRONOMICAL = [1e21, 1e308, Infinity, -1e308, 99999999999999999999999999n]
const NOT_WHOLE = [1.5, 1e-7]

const FIELDS: [door: string, field: string, bad: (number | bigint)[], good: (number | bigint)[]][] = [
  ['chat', 'max_tokens', [-1, 2 ** 31, ...NOT_WHOLE], [1, 2 ** 31 - 1]],
  ['chat', 'seed', NOT_WHOLE, [-1, 2n ** 64n - 1n]],
  ['messages', 'max_tokens', [-1, 2 ** 31, ...NOT_WHOLE], [1, 2 ** 31 - 1]],
  ['messages', 'temperature', [-2, 101], [0, 1, 2]],
  ['messages', 'top_p', [-1, 1.5], [0, 1]],
  ['messages', 'top_k', [-2, 2 ** 31, ...NOT_WHOLE], [0, 40]],
  ['completions', 'max_tokens', [-1, 2 ** 31, ...NOT_WHOLE], [0, 16]],
  ['completions', 'n', [-1, 0, 129, ...NOT_WHOLE], [1, 128]],
  ['completions', 'best_of', [-1, 0, ...NOT_WHOLE], [1, 20]],
  ['completions', 'logprobs', [-1, ...NOT_WHOLE], [0, 5]],
  ['completions', 'seed', NOT_WHOLE, [-1, 7]],
  ['completions', 'temperature', [-2], [0, 2]],
  ['ollama', 'num_predict', [-3, 2 ** 31, ...NOT_WHOLE], [-2, -1, 128]],
  ['ollama', 'temperature', [-2, 101], [0, 2]],
  ['ollama', 'top_p', [-1, 1.5], [0, 1]],
  ['ollama', 'seed', NOT_WHOLE, [-1, 2n ** 63n]],
  ['generate-content', 'maxOutputTokens', [-1, 2 ** 31, ...NOT_WHOLE], [1, 8192]],
  ['generate-content', 'max_output_tokens', [-1], [1]],
  ['generate-content', 'candidateCount', [-1, 0, 129], [1, 8]],
  ['generate-content', 'temperature', [-2], [0, 2]],
  ['generate-content', 'topP', [-1, 1.5], [0, 1]],
  ['generate-content', 'topK', [-2], [40, 40.5]],
  ['generate-content', 'seed', NOT_WHOLE, [-1, 7]],
  ['generate-content', 'logprobs', [-1], [0, 5]],
]

test.each(FIELDS)('%s: %s', (door, field, bad, good) => {
  const camel = field.replace(/_(\w)/g, (_all, letter: string) => letter.toUpperCase())
  const param = { 'generate-content': `generationConfig.${camel}`, ollama: `options.${field}` }[door] ?? field
  for (const value of [...bad, ...ASTRONOMICAL]) {
    const error = DOORS[door]?.({ [field]: value })
    expect([value, error?.status, error?.param]).toEqual([value, 400, param])
  }
  for (const value of good) expect([value, DOORS[door]?.({ [field]: value })]).toEqual([value, undefined])
})

test('a seed of Ollama is a number or nothing', () => {
  const error = DOORS['ollama']?.({ seed: 'x' })
  expect([error?.status, error?.param]).toEqual([400, 'options.seed'])
  expect(DOORS['ollama']?.({ seed: null })).toBeUndefined()
})
