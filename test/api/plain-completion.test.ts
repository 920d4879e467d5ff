import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCompletion } from '../../src/api/chat-completions/response/completion.ts'
import { plainAnswer } from '../../src/api/chat-completions/response/plain-completion.ts'
import type { Delta } from '../../src/chat/delta.ts'
import { isRecordedHere, recordings } from './recorded.ts'

const meta = { model: 'asked-for', created: 1_760_000_000 }

/** @param folded an answer in two parts goes through the fold */
function completed(deltas: Delta[], folded: boolean): unknown {
  const completion = createCompletion({ legacy_functions: false, body: {} }, meta)
  try {
    if (folded) completion.take([])
    completion.take(deltas)
    // ids are made anew each time where the upstream gave none
    return JSON.stringify(completion.end(true)).replaceAll(/(chatcmpl-|call_)\w{20,}/g, '$1made')
  } catch (error) {
    return String(error)
  }
}

const nothing = fc.constantFrom(null, '', 0, false)
const odd = fc.constantFrom<unknown[]>(null, 'x', 5, true, [], ['y'], {}, { toString: {} }, { finish: 'stop' })

/** What is usual, and now and then something else. */
const mostly = (usual: fc.Arbitrary<unknown>, other: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 12, arbitrary: usual }, other)

const message = fc.record(
  {
    role: fc.constantFrom('assistant', 'user'),
    content: mostly(fc.string(), fc.oneof(nothing, fc.constant([{ type: 'text', text: 'part' }]))),
    refusal: mostly(nothing, fc.string()),
    annotations: mostly(fc.constant([]), odd),
    reasoning_content: mostly(nothing, fc.string()),
    tool_calls: fc.oneof(
      nothing,
      fc.constant([{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }]),
    ),
    function_call: mostly(nothing, odd),
    audio: mostly(fc.constantFrom(null, []), odd),
    weight: mostly(nothing, odd),
  },
  { requiredKeys: ['content'] },
)
const choice = fc.record(
  {
    index: mostly(fc.constant(0), fc.constantFrom(1, '0', null)),
    message: mostly(message, odd),
    delta: mostly(nothing, fc.constant({ content: 'of a stream' })),
    finish_reason: fc.constantFrom('stop', 'length', 'tool_calls', 'content_filter', 'STOP', 'eos', 'error', null, ''),
    logprobs: mostly(nothing, fc.constant({ content: [] })),
    content_filter_results: mostly(nothing, odd),
    error: mostly(nothing, fc.constant({ message: 'no' })),
  },
  { requiredKeys: ['message'] },
)
const usage = fc.record(
  {
    prompt_tokens: fc.oneof(fc.nat(), odd),
    completion_tokens: fc.oneof(fc.nat(), odd),
    total_tokens: fc.oneof(fc.nat(), odd),
    prompt_tokens_details: fc.oneof(fc.constant({ cached_tokens: 3, other: 1.5 }), odd),
    completion_tokens_details: fc.oneof(fc.constant({ reasoning_tokens: 2.4 }), odd),
  },
  { requiredKeys: [] },
)
const chunk = fc.record(
  {
    id: fc.oneof(fc.constant('chatcmpl-1'), odd),
    object: fc.constant('chat.completion'),
    created: fc.oneof(fc.constant(1_700_000_000), odd),
    model: fc.constant('upstream'),
    choices: mostly(
      choice.map((each) => [each]),
      fc.oneof(fc.array(choice, { maxLength: 2 }), odd),
    ),
    usage: mostly(usage, odd),
    service_tier: fc.oneof(fc.constant('default'), odd),
    system_fingerprint: fc.oneof(fc.constant('fp'), odd),
    citations: mostly(nothing, odd),
    x_groq: fc.oneof(nothing, fc.constant({ usage: { prompt_tokens: 1 } })),
    error: mostly(nothing, odd),
    code: fc.oneof(nothing, odd),
  },
  { requiredKeys: ['choices'] },
)
const delta = fc.oneof(
  fc.string().map((text) => ({ text })),
  fc.string().map((text) => ({ choice: 0, text })),
  fc.constant({ id: 'msg_1', model: 'upstream' }),
  fc.constantFrom('stop', 'length', 'tool_calls').map((finish_reason) => ({ finish_reason })),
  fc.constant({ usage: { prompt_tokens: 3, completion_tokens: 4 } }),
  fc.constant({ choice: 1, text: 'another' }),
  fc.constant({ reasoning: 'thought' }),
  fc.constant({ tool_call: { id: 'a', name: 'f', arguments: {} } }),
) as fc.Arbitrary<Delta>

describe('an answer of one text', () => {
  it('is told as the fold would tell it, whatever a chunk has in it', () => {
    let plain = 0
    fc.assert(
      fc.property(chunk, (each) => {
        const deltas = [{ chunk: each }] as Delta[]
        if (plainAnswer(deltas) !== undefined) plain++
        expect(completed(deltas, false)).toBe(completed(deltas, true))
      }),
      { numRuns: 3000 },
    )
    expect(plain).toBeGreaterThan(100)
  })

  it('is told as the fold would tell it, whatever a vendor says in parts', () => {
    let plain = 0
    fc.assert(
      fc.property(fc.array(delta, { maxLength: 6 }), (deltas) => {
        if (plainAnswer(deltas) !== undefined) plain++
        expect(completed(deltas, false)).toBe(completed(deltas, true))
      }),
      { numRuns: 1000 },
    )
    expect(plain).toBeGreaterThan(100)
  })

  it('is what most whole answers of OpenAI are', () => {
    const chunk = {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'gpt',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello', refusal: null, annotations: [] },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
    }
    expect(plainAnswer([{ chunk }])).toMatchObject({ text: 'Hello', finish: 'stop' })
  })

  it.skipIf(!isRecordedHere)('is told so of every recorded one (skipped where no recordings are)', () => {
    let plain = 0
    for (const { stream, status, response } of recordings('openai-chat')) {
      if (stream || status >= 400 || !response) continue
      const deltas: Delta[] = [{ chunk: response }]
      if (plainAnswer(deltas) !== undefined) plain++
      expect(completed(deltas, false)).toBe(completed(deltas, true))
    }
    expect(plain).toBeGreaterThan(5)
  })
})
