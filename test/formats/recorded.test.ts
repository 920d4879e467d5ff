/** Every recorded exchange of every chat wire: a client is told what the vendor said, whole and cut into single bytes. */
import { describe, expect, test } from 'vitest'
import { isRecordedHere, recordings, type Gold } from '../api/recorded.ts'
import { BY_FAMILY, formatsOf, replay, shippedFormat, type Recorded, type Told } from './replay.ts'

const FINISH: Record<string, string> = {
  length: 'length',
  max_tokens: 'length',
  MAX_TOKENS: 'length',
  refusal: 'content_filter',
  SAFETY: 'content_filter',
  MODEL_ARMOR: 'content_filter',
  content_filter: 'content_filter',
}

for (const family of Object.keys(BY_FAMILY)) {
  describe.skipIf(!isRecordedHere)(`recorded answers of ${family} (skipped where no recordings are)`, () => {
    const all = recordings(family) as Recorded[]
    const cases = all.flatMap((each) => formatsOf(each).map((format) => [each.id, format, each] as const))
    test.each(cases)('a client is told what the vendor said: %s by %s', async (_, format, recorded) => {
      const told = await replay(recorded, shippedFormat(format), 0)
      judge(recorded, told)
      const inBytes = await replay(recorded, shippedFormat(format), 1)
      expect(comparable(inBytes)).toEqual(comparable(told))
    })
  })
}

/** Ids that the vendor did not give are made anew each time. */
function comparable({ tools, text, reasoning, finish, usage, error }: Told): unknown {
  const calls = tools.map(({ id, ...call }) => (id?.startsWith('call_') ? call : { id, ...call }))
  return { text, reasoning, finish, usage, error, tools: calls }
}

function judge({ status, stream, gold }: Recorded, told: Told): void {
  const isFault = status >= 400 || (gold.error && !gold.text && !gold.tool_calls?.length && !gold.reasoning)
  if (isFault) {
    expect(told.error?.message ?? '').toContain(gold.error?.message ?? '')
    expect(told.error).toBeDefined()
    return
  }
  expect(told.text).toBe(gold.text ?? '')
  if (stream && (gold.error || !gold.finish)) {
    if (gold.error) expect(told.error?.message ?? '').toContain(gold.error.message)
    return
  }
  expect(told.error).toBeUndefined()
  if (gold.reasoning) expect(told.reasoning).toBe(gold.reasoning)
  expect(told.tools.map((call) => ({ ...call, arguments: JSON.parse(call.arguments) as unknown }))).toEqual(
    wanted(gold),
  )
  const finish = FINISH[gold.finish ?? ''] ?? (gold.tool_calls?.length ? 'tool_calls' : 'stop')
  expect(told.finish).toBe(finish)
  if (gold.usage?.input === undefined || gold.usage.input === null) return
  expect(told.usage?.['prompt_tokens']).toBe(gold.usage.input)
  if (gold.usage.output != null) expect(told.usage?.['completion_tokens']).toBe(gold.usage.output)
  if (gold.usage.cached)
    expect(told.usage).toMatchObject({ prompt_tokens_details: { cached_tokens: gold.usage.cached } })
}

function wanted(gold: Gold): unknown[] {
  return (gold.tool_calls ?? []).map((call) => ({
    id: call.id || expect.stringMatching(/^call_/),
    name: call.name,
    arguments: call.arguments ?? {},
  }))
}
