/** What becomes of each member of the unions of AWS's SDK. */
import type {
  ContentBlock,
  ContentBlockDelta,
  ConverseStreamOutput,
  StopReason,
  TokenUsage,
} from '@aws-sdk/client-bedrock-runtime'
import { expect, test } from 'vitest'
import { COUNT, endOf, expected, fateOfBody, fateOfEvents, found, MARK, type Fates } from './fate.ts'

type Json = Record<string, unknown>
/** The SDK's unions are objects of one field; `$unknown` is its own. */
type Named<Union> = Union extends unknown ? Exclude<keyof Union, '$unknown'> : never

const BLOCKS: Fates<Named<ContentBlock>> = {
  text: 'told',
  reasoningContent: 'told',
  toolUse: 'told',
  citationsContent: 'told',
  image: 'told',
  audio: 'told',
  toolResult: 'told',
  cachePoint: 'dropped: only clients send it',
  document: 'dropped: only clients send it',
  guardContent: 'dropped: only clients send it',
  searchResult: 'dropped: only clients send it',
  toolAddition: 'dropped: only clients send it',
  toolRemoval: 'dropped: only clients send it',
  video: 'dropped: asked for by no chat',
}
const DELTAS: Fates<Named<ContentBlockDelta>> = {
  text: 'told',
  reasoningContent: 'told',
  toolUse: 'told',
  citation: 'told',
  image: 'told',
  toolResult: 'told',
}
const EVENTS: Fates<Named<ConverseStreamOutput>> = {
  contentBlockStart: 'told',
  contentBlockDelta: 'told',
  metadata: 'told',
  messageStart: 'dropped: an answer is always of the assistant',
  contentBlockStop: 'dropped: chat completions have no blocks',
  messageStop: 'dropped: its reason has a test of its own',
  internalServerException: 'dropped: an error, read by its type in the framing',
  modelStreamErrorException: 'dropped: an error, read by its type in the framing',
  serviceUnavailableException: 'dropped: an error, read by its type in the framing',
  throttlingException: 'dropped: an error, read by its type in the framing',
  validationException: 'dropped: an error, read by its type in the framing',
}
const ENDS: Record<StopReason, string> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  guardrail_intervened: 'content_filter',
  content_filtered: 'content_filter',
  malformed_model_output: 'error',
  malformed_tool_use: 'error',
}
const USAGE: Fates<keyof TokenUsage> = {
  inputTokens: 'told',
  outputTokens: 'told',
  cacheReadInputTokens: 'told',
  cacheWriteInputTokens: 'told',
  cacheDetails: 'dropped: how long what was written lives; the sum is told',
  totalTokens: 'dropped: the sum of the others',
}

const WEB = { web: { url: MARK } }
const PICTURE = { format: 'png', source: { bytes: MARK } }
const VALUES: Json = {
  toolUse: { toolUseId: 'i', name: 'f', input: { a: MARK } },
  reasoningContent: { reasoningText: { text: MARK } },
  citationsContent: { content: [{ text: MARK }], citations: [{ title: 't', location: WEB }] },
  image: PICTURE,
  toolResult: { toolUseId: 'i', content: [{ text: MARK }] },
  audio: PICTURE,
  video: PICTURE,
}
const PIECES: Json = {
  toolUse: { input: MARK },
  reasoningContent: { text: MARK },
  citation: { title: 't', location: WEB },
  image: { source: { bytes: MARK } },
}
const answer = (content: Json[], stopReason = 'end_turn', usage: Json = { inputTokens: 1, outputTokens: 1 }): Json => ({
  output: { message: { role: 'assistant', content } },
  stopReason,
  usage,
})
const text = { text: 'a' }
const STOP = { stopReason: 'end_turn' }

test('content blocks', () => {
  const fate = (key: string): string => fateOfBody('bedrock', answer([{ [key]: VALUES[key] ?? MARK }]))
  expect(found(BLOCKS, fate)).toEqual(expected(BLOCKS))
})

test('deltas', () => {
  const opened = { contentBlockIndex: 0, start: { toolUse: { toolUseId: 'i', name: 'f' } } }
  const fate = (key: string): string => {
    const event = { contentBlockIndex: 0, delta: { [key]: PIECES[key] ?? MARK } }
    return fateOfEvents('bedrock', key === 'toolUse' ? [opened, event] : [event])
  }
  expect(found(DELTAS, fate)).toEqual(expected(DELTAS))
})

test('events', () => {
  const samples: Record<string, Json> = {
    messageStart: { role: 'assistant' },
    contentBlockStart: { contentBlockIndex: 0, start: { toolUse: { toolUseId: 'i', name: MARK } } },
    contentBlockDelta: { contentBlockIndex: 0, delta: { text: MARK } },
    contentBlockStop: { contentBlockIndex: 0 },
    messageStop: { stopReason: 'end_turn' },
    metadata: { usage: { inputTokens: COUNT, outputTokens: 1 } },
  }
  const fate = (key: string): string => fateOfEvents('bedrock', [samples[key] ?? { message: MARK }, STOP], key)
  expect(found(EVENTS, fate)).toEqual(expected(EVENTS))
})

test('stop reasons', () => {
  const use = { toolUse: { toolUseId: 'i', name: 'f', input: {} } }
  expect(found(ENDS, (reason) => endOf('bedrock', answer([reason === 'tool_use' ? use : text], reason)))).toEqual(ENDS)
})

test('usage', () => {
  const fate = (key: string): string => fateOfBody('bedrock', answer([text], 'end_turn', { [key]: COUNT }))
  expect(found(USAGE, fate)).toEqual(expected(USAGE))
})
