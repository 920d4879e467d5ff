/** Faults of an upstream, as clients of the other APIs meet them. */
import { beforeAll, describe, expect, it } from 'vitest'
import { EARLY } from './early.ts'
import { LATE } from './late.ts'
import { APIS } from './read-inbound.ts'
import { provoke, type Arrangement, type Case, type Outcome } from './stage.ts'
import { TEXT, WORDS } from './vendor.ts'

/** Those that wait for nothing. */
const EARLY_NAMES = [
  'resets the connection',
  'closes without an answer',
  'speaks no HTTP',
  'finds the request bad',
  'finds the key bad',
  'wants money',
  'forbids',
  'cannot process it',
  'limits the rate, for long',
  'has no quota',
  'fails with 500',
  'fails with 503',
  'is overloaded with 529',
  'answers 200 with a page',
  'answers 200 with nothing',
  'answers 200 with an error',
  'streams an error first',
]
const LATE_NAMES = [
  'resets the connection',
  'closes the connection',
  'sends an error event',
  'sends one line of rubbish',
  'ends with [DONE] only',
]

/** Where an API's own status of a fault is another. */
const OVERLOADED = { messages: 529, responses: 503, generateContent: 503 }

describe.each(Object.entries(APIS))('%s', (name, api) => {
  const of = (act: Case['act'], fault: string, arrangement: Arrangement, stream: boolean): Case => {
    return { name: fault, act, arrangement, topic: 'text', stream, api }
  }
  const early = EARLY_NAMES.flatMap((fault) =>
    [true, false].flatMap((stream) =>
      (['one key', 'several keys'] as const).map((arrangement) =>
        of(EARLY[fault]?.act ?? fail(fault), fault, arrangement, stream),
      ),
    ),
  )
  const late = LATE_NAMES.map((fault) => of(LATE[fault]?.act ?? fail(fault), fault, 'several keys', true))
  let outcomes = new Map<Case, Outcome>()
  beforeAll(async () => {
    outcomes = await provoke([...early, ...late])
  })

  it.each(early)('before the first content, streamed $stream, $arrangement: $name', (each) => {
    const answer = outcomes.get(each)?.answer
    const { retried, status } = EARLY[each.name] ?? fail(each.name)
    if (retried && each.arrangement === 'several keys') {
      expect(answer).toMatchObject({ status: 200, text: TEXT, error: undefined })
      expect(answer?.finish).toHaveLength(1)
      return
    }
    const told = each.name.includes('529') ? OVERLOADED[name as keyof typeof OVERLOADED] : undefined
    expect([answer?.text, answer?.finish, answer?.error]).toEqual([
      '',
      [],
      expect.objectContaining({ message: expect.any(String) }),
    ])
    // Anthropic's API has one status for whoever is overloaded
    if (!(name === 'messages' && status === 503)) expect(answer?.status).toBe(told ?? status)
    if (name === 'generateContent') expect(answer?.error).toMatchObject({ code: answer?.status })
  })

  it.each(late)('in the middle of a stream: $name', (each) => {
    const answer = outcomes.get(each)?.answer
    if (LATE[each.name]?.harmless) return expect(answer).toMatchObject({ done: true, error: undefined })
    expect(answer).toMatchObject({
      status: 200,
      text: WORDS[0],
      finish: [],
      done: false,
      error: { message: expect.any(String) },
    })
  })
})

function fail(name: string): never {
  throw new Error(`no fault is called "${name}"`)
}
