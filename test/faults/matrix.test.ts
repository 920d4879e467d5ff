import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { EARLY, type EarlyFault } from './early.ts'
import { LATE, type LateFault } from './late.ts'
import type { ClientAnswer } from './read-answer.ts'
import { ARRANGEMENTS, provoke, SOON, type Case, type Outcome } from './stage.ts'
import { ARGUMENTS, TEXT, WORDS, type Topic } from './vendor.ts'

const rejections: unknown[] = []
const onRejection = (reason: unknown): void => void rejections.push(reason)
const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
let timersBefore = 0

beforeAll(() => {
  process.on('unhandledRejection', onRejection)
  timersBefore = timers()
})
afterAll(async () => {
  await vi.waitFor(() => expect(timers()).toBeLessThanOrEqual(timersBefore), SOON)
  process.off('unhandledRejection', onRejection)
  expect(rejections).toEqual([])
})

function isWhole(answer: ClientAnswer, topic: Topic): void {
  expect(answer).toMatchObject({ status: 200, error: undefined })
  if (topic === 'text') expect(answer).toMatchObject({ text: TEXT, finish: ['stop'], calls: [] })
  else
    expect(answer).toMatchObject({
      text: '',
      finish: ['tool_calls'],
      calls: [{ name: 'weather', arguments: ARGUMENTS.join('') }],
    })
}

/** Nobody pays for what another did, and nobody at all for what the client did. */
function isJust({ blamed, keysUsed }: Outcome): void {
  for (const key of blamed) expect(keysUsed).toContain(key)
}

interface EarlyCase extends Case {
  fault: EarlyFault
}

describe.each([false, true])('an upstream that fails before its first content, streamed: %s', (stream) => {
  const fitting = Object.entries(EARLY).filter(([, { only }]) => only !== (stream ? 'json' : 'stream'))
  const cases = fitting.flatMap(([name, fault]): EarlyCase[] =>
    ARRANGEMENTS.map((arrangement) => ({ name, fault, act: fault.act, arrangement, topic: 'text', stream })),
  )
  let outcomes = new Map<EarlyCase, Outcome>()
  beforeAll(async () => {
    outcomes = await provoke(cases)
  })

  it.each(cases)('$name: $arrangement', (each) => {
    const outcome = outcomes.get(each)
    if (!outcome) throw new Error('this case was not provoked')
    const { answer, keysUsed, calls, blamed } = outcome
    const { fault, arrangement } = each
    isJust(outcome)
    if (fault.retried && arrangement === 'several keys') {
      isWhole(answer, 'text')
      expect(keysUsed).toHaveLength(2)
      expect(blamed).not.toContain(keysUsed[1])
    } else {
      expect(answer).toMatchObject({ status: fault.status, text: '', error: { message: expect.any(String) } })
      // each try another key, where there is one; the client's own fault is tried once
      expect(keysUsed).toHaveLength(fault.retried && arrangement === 'all keys fail' ? 3 : 1)
      if (!fault.retried) {
        expect(calls).toHaveLength(1)
        expect(blamed).toEqual([])
      }
    }
  })
})

interface LateCase extends Case {
  fault: LateFault
}

describe.each<Topic>(['text', 'tool'])('an upstream that fails in the middle of a %s', (topic) => {
  const cases = Object.entries(LATE).flatMap(([name, fault]) =>
    ARRANGEMENTS.flatMap((arrangement) =>
      (fault.streamOnly ? [true] : [true, false]).map((stream): LateCase => ({
        name,
        fault,
        act: fault.act,
        arrangement,
        topic,
        stream,
      })),
    ),
  )
  let outcomes = new Map<LateCase, Outcome>()
  beforeAll(async () => {
    outcomes = await provoke(cases)
  })

  it.each(cases)('$name: $arrangement, streamed: $stream', (each) => {
    const outcome = outcomes.get(each)
    if (!outcome) throw new Error('this case was not provoked')
    const { answer, calls, blamed } = outcome
    const { fault, arrangement, stream } = each
    isJust(outcome)
    if (fault.harmless) {
      expect(answer).toMatchObject({
        status: 200,
        error: undefined,
        finish: [topic === 'text' ? 'stop' : 'tool_calls'],
      })
      expect(calls).toHaveLength(1)
      expect(blamed).toEqual([])
    } else if (stream) {
      // what was shown stays, the error follows, and nothing pretends to be an end
      expect(answer).toMatchObject({ status: 200, finish: [], done: false, error: { message: expect.any(String) } })
      if (topic === 'text') expect(answer.text).toBe(WORDS[0])
      else expect(answer.calls[0]?.arguments).toBe(ARGUMENTS[0])
      expect(calls).toHaveLength(1)
    } else if (fault.late) {
      expect(answer).toMatchObject({ status: 504, error: { message: expect.any(String) } })
      expect(calls).toHaveLength(1)
    } else if (arrangement === 'several keys') isWhole(answer, topic)
    else expect(answer).toMatchObject({ status: expect.any(Number), error: { message: expect.any(String) } })
  })
})
