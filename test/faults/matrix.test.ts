import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../end-to-end/gateway.ts'
import { EARLY } from './early.ts'
import { LATE } from './late.ts'
import { readAnswer, type ClientAnswer } from './read-answer.ts'
import { answerWell, ARGUMENTS, startVendor, TEXT, WORDS, type Act, type Topic, type Vendor } from './vendor.ts'

const KEYS = { one: ['key-one-0001'], several: ['key-one-0001', 'key-two-0002', 'key-three-0003'] }
type Arrangement = 'one key' | 'several keys' | 'all keys fail'
const ARRANGEMENTS: Arrangement[] = ['one key', 'several keys', 'all keys fail']
const TOPICS: Topic[] = ['text', 'tool']

let vendor: Vendor | undefined
let gateway: TestGateway | undefined
const rejections: unknown[] = []
const onRejection = (reason: unknown): void => void rejections.push(reason)

beforeAll(() => void process.on('unhandledRejection', onRejection))
afterAll(() => {
  process.off('unhandledRejection', onRejection)
  expect(rejections).toEqual([])
})

afterEach(async () => {
  // whatever happened: nothing is in flight, no socket is left, no secret was logged
  await expect.poll(() => gateway?.app.scheduler.report().inFlight, { interval: 2 }).toBe(0)
  for (const line of gateway?.lines ?? []) for (const key of KEYS.several) expect(line).not.toContain(key)
  await gateway?.close()
  await expect.poll(() => vendor?.open(), { interval: 2 }).toBe(0)
  await vendor?.close()
})

/** The fault hits the first key that is used; others are well, unless all fail. */
async function ask(fault: Act, topic: Topic, stream: boolean, arrangement: Arrangement): Promise<ClientAnswer> {
  let first: string | undefined
  vendor = await startVendor((call) => {
    first ??= call.key
    if (call.key === first || arrangement === 'all keys fail') fault(call)
    else answerWell(call, topic)
  })
  gateway = await startGateway({
    providers: {
      vendor: { format: 'openai', base_url: vendor.url, keys: arrangement === 'one key' ? KEYS.one : KEYS.several },
    },
    server: { timeouts: { connect: 300, first_byte: 120, idle: 120 }, retries: 2, refused_wait: 0, heartbeat: 0 },
    scheduler: { max_wait: 0 },
  })
  return readAnswer(gateway.url, 'vendor/m', stream)
}

function keysUsed(): string[] {
  return [...new Set(vendor?.calls.map((call) => call.key))]
}

function isWhole(answer: ClientAnswer, topic: Topic): void {
  expect(answer).toMatchObject({ status: 200, error: undefined })
  if (topic === 'text') expect(answer).toMatchObject({ text: TEXT, finish: ['stop'], calls: [] })
  else
    expect(answer).toMatchObject({
      finish: ['tool_calls'],
      calls: [{ name: 'weather', arguments: ARGUMENTS.join('') }],
    })
}

describe.each([false, true])('an upstream that fails before its first content, streamed: %s', (stream) => {
  const cases = Object.entries(EARLY).flatMap(([name, fault]) =>
    ARRANGEMENTS.map((arrangement) => ({ name, fault, arrangement })),
  )
  it.each(cases)('$name: $arrangement', async ({ fault, arrangement }) => {
    const topic: Topic = 'text'
    const answer = await ask((call) => fault.act(call, topic), topic, stream, arrangement)
    if (fault.retried && arrangement === 'several keys') {
      isWhole(answer, topic)
      expect(keysUsed()).toHaveLength(2)
    } else {
      expect(answer).toMatchObject({ status: fault.status, text: '', error: { message: expect.any(String) } })
      // each try another key, where there is one; the client's own fault is tried once
      expect(keysUsed()).toHaveLength(fault.retried && arrangement === 'all keys fail' ? 3 : 1)
      if (!fault.retried) expect(vendor?.calls).toHaveLength(1)
    }
  })
})

describe.each(TOPICS)('an upstream that fails in the middle of a %s', (topic) => {
  const cases = Object.entries(LATE).flatMap(([name, fault]) =>
    ARRANGEMENTS.flatMap((arrangement) =>
      (fault.streamOnly ? [true] : [true, false]).map((stream) => ({ name, fault, arrangement, stream })),
    ),
  )
  it.each(cases)('$name: $arrangement, streamed: $stream', async ({ fault, arrangement, stream }) => {
    const answer = await ask((call) => fault.act(call, topic), topic, stream, arrangement)
    if (fault.harmless) {
      expect(answer).toMatchObject({
        status: 200,
        error: undefined,
        finish: [topic === 'text' ? 'stop' : 'tool_calls'],
      })
      expect(vendor?.calls).toHaveLength(1)
    } else if (stream) {
      // what was shown stays, the error follows, and nothing pretends to be an end
      expect(answer).toMatchObject({ status: 200, finish: [], error: { message: expect.any(String) } })
      if (topic === 'text') expect(answer.text).toBe(WORDS[0])
      else expect(answer.calls[0]?.arguments).toBe(ARGUMENTS[0])
      expect(vendor?.calls).toHaveLength(1)
    } else if (arrangement === 'several keys') isWhole(answer, topic)
    else expect(answer).toMatchObject({ status: expect.any(Number), error: { message: expect.any(String) } })
  })
})
