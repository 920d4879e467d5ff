/** What becomes of each member of the unions of Google's SDK. */
import type { BlockedReason, Candidate, FinishReason, GenerateContentResponseUsageMetadata, Part } from '@google/genai'
import { expect, test } from 'vitest'
import { COUNT, endOf, expected, fateOfBody, found, MARK, type Fates } from './fate.ts'

type Json = Record<string, unknown>

const PARTS: Fates<keyof Part> = {
  text: 'told',
  thought: 'told',
  thoughtSignature: 'told',
  inlineData: 'told',
  functionCall: 'told',
  executableCode: 'told',
  codeExecutionResult: 'told',
  fileData: 'dropped: models make no files by address',
  functionResponse: 'dropped: only clients send it',
  mediaResolution: 'dropped: only clients send it',
  videoMetadata: 'dropped: only clients send it',
  mediaProcessing: 'dropped: only clients send it',
  partMetadata: 'dropped: a client’s own words back',
  audioTranscription: 'dropped: of live sessions',
  speechMetadata: 'dropped: of live sessions',
  toolCall: 'dropped: what the vendor did itself; its own API gets the event as it came',
  toolResponse: 'dropped: as above',
}

const CANDIDATE: Fates<keyof Candidate> = {
  content: 'told',
  finishMessage: 'told',
  groundingMetadata: 'told',
  logprobsResult: 'told',
  citationMetadata: 'dropped: what the model recites, without a place in the answer',
  tokenCount: 'dropped: the usage has it',
  finishReason: 'dropped: has a test of its own',
  avgLogprobs: 'dropped: OpenAI has no form for it',
  index: 'dropped: which of several answers',
  safetyRatings: 'dropped: verdicts on what was let through',
  urlContextMetadata: 'dropped: what the vendor read itself',
  continuationToken: 'dropped: of live sessions',
}

const ENDS: Record<`${FinishReason}`, string> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  CONTINUATION: 'length',
  FINISH_REASON_UNSPECIFIED: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  LANGUAGE: 'content_filter',
  OTHER: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
  IMAGE_OTHER: 'error',
  NO_IMAGE: 'error',
  MALFORMED_FUNCTION_CALL: 'error',
  MALFORMED_RESPONSE: 'error',
  UNEXPECTED_TOOL_CALL: 'error',
  TOO_MANY_TOOL_CALLS: 'error',
  MISSING_THOUGHT_SIGNATURE: 'error',
  MODEL_ARMOR: 'content_filter',
  PUP_LIMITED_DISABLED: 'content_filter',
  ESCALATION: 'content_filter',
}

const BLOCKED: Record<`${BlockedReason}`, string> = {
  BLOCKED_REASON_UNSPECIFIED: 'content_filter',
  BLOCKLIST: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  JAILBREAK: 'content_filter',
  MODEL_ARMOR: 'content_filter',
  OTHER: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SAFETY: 'content_filter',
}

const USAGE: Fates<keyof GenerateContentResponseUsageMetadata> = {
  promptTokenCount: 'told',
  candidatesTokenCount: 'told',
  thoughtsTokenCount: 'told',
  cachedContentTokenCount: 'told',
  toolUsePromptTokenCount: 'told',
  cacheTokensDetails: 'dropped: by kind of input; the price is of them, the sums are told',
  candidatesTokensDetails: 'dropped: by kind of input; the price is of them, the sums are told',
  promptTokensDetails: 'dropped: by kind of input; the price is of them, the sums are told',
  toolUsePromptTokensDetails: 'dropped: by kind of input; the price is of them, the sums are told',
  totalTokenCount: 'dropped: the sum of the others',
  trafficType: 'dropped: no count',
  initialPromptTokenCount: 'dropped: a part of the prompt’s',
}

const VALUES: Json = {
  thought: { thought: true, text: MARK },
  thoughtSignature: { functionCall: { name: 'f', args: {} }, thoughtSignature: MARK },
  inlineData: { inlineData: { mimeType: 'image/png', data: MARK } },
  functionCall: { functionCall: { name: 'f', args: { a: MARK } } },
  executableCode: { executableCode: { language: 'PYTHON', code: MARK } },
  codeExecutionResult: { codeExecutionResult: { outcome: 'OUTCOME_OK', output: MARK } },
}
const CANDIDATES: Json = {
  content: { content: { parts: [{ text: MARK }] } },
  groundingMetadata: { groundingMetadata: { groundingChunks: [{ web: { uri: MARK, title: 't' } }] } },
  logprobsResult: { logprobsResult: { chosenCandidates: [{ token: MARK, logProbability: -1 }] } },
  citationMetadata: { citationMetadata: { citations: [{ uri: MARK, title: 't', startIndex: 0, endIndex: 1 }] } },
  finishMessage: { finishReason: 'MALFORMED_RESPONSE', finishMessage: MARK },
}
const answer = (candidate: Json, more: Json = {}): Json => ({
  candidates: [{ index: 0, content: { role: 'model', parts: [{ text: 'a' }] }, finishReason: 'STOP', ...candidate }],
  ...more,
})

test('parts', () => {
  const fate = (key: string): string => {
    const part = (VALUES[key] ?? { [key]: MARK }) as Json
    return fateOfBody('gemini', answer({ content: { role: 'model', parts: [part] } }))
  }
  expect(found(PARTS, fate)).toEqual(expected(PARTS))
})

test('fields of a candidate', () => {
  const fate = (key: string): string => fateOfBody('gemini', answer((CANDIDATES[key] ?? { [key]: MARK }) as Json))
  expect(found(CANDIDATE, fate)).toEqual(expected(CANDIDATE))
})

test('finish reasons', () => {
  const cut = (reason: string): Json => answer({ finishReason: reason, ...(reason !== 'STOP' && { content: {} }) })
  expect(found(ENDS, (reason) => endOf('gemini', cut(reason)))).toEqual(ENDS)
})

test('reasons to block a prompt', () => {
  expect(found(BLOCKED, (blockReason) => endOf('gemini', { promptFeedback: { blockReason } }))).toEqual(BLOCKED)
})

test('usage', () => {
  const value = (key: string): unknown => {
    if (key.endsWith('Details')) return [{ modality: 'AUDIO', tokenCount: COUNT }]
    return key === 'serviceTier' || key === 'trafficType' ? MARK : COUNT
  }
  const usage = (key: string): Json => ({ totalTokenCount: 1, [key]: value(key) })
  const fate = (key: string): string => fateOfBody('gemini', answer({}, { usageMetadata: usage(key) }))
  expect(found(USAGE, fate)).toEqual(expected(USAGE))
})
