/** The log of requests: what is in it, how it is bounded, and that no disk stops who serves. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loggedTrace, traceText } from '../../src/app/plan/logged-trace.ts'
import { describe as inFull } from '../../src/cli/commands/logs.ts'
import type { RequestRecord } from '../../src/gateway/request-record.ts'
import { readTrace } from '../../src/scheduler/simulator/trace.ts'
import { createRequestLog } from '../../src/store/sqlite/request-log.ts'
import { createRecordReader } from '../../src/store/sqlite/request-reader.ts'

const NOON = Date.UTC(2027, 0, 31, 12)
const DAY = 86_400_000
let folder: string
let now = NOON
let failures: string[]
let lost: number[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'requests-'))
  now = NOON
  failures = []
  lost = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = (more: { age?: number; size?: number; folder?: string } = {}) =>
  createRequestLog({
    folder,
    age: 30 * DAY,
    size: 1 << 30,
    wall: () => now,
    redact: (text) => text.replaceAll('s3cret', '[key]'),
    failed: (cause) => void failures.push(String(cause)),
    again: (n) => void lost.push(n),
    ...more,
  })

const record = (more: Partial<RequestRecord> = {}): RequestRecord => ({
  id: 'req_1',
  client: 'alice',
  model: 'fast',
  stream: false,
  outcome: 'ok',
  provider: 'acme',
  upstream_model: 'large',
  key: 'acme#1',
  attempts: 1,
  queue_ms: 0,
  total_ms: 100,
  input_tokens: 10,
  output_tokens: 20,
  cost: 0.5,
  ...more,
})

const failing = record({
  id: 'req_2',
  client: 'bob',
  outcome: 'timeout',
  error: 'no answer to s3cret',
  attempts: 2,
  total_ms: 1000,
  cost: undefined,
  trail: [
    {
      provider: 'acme',
      model: 'large',
      key: 'acme#1',
      at_ms: 0,
      waited_ms: 0,
      ms: 400,
      outcome: 'server_error',
      error: 'it broke',
    },
    {
      provider: 'beta',
      model: 'other',
      key: 'beta#1',
      at_ms: 500,
      waited_ms: 100,
      ms: 500,
      outcome: 'timeout',
      first_ms: 50,
    },
  ],
})

test('rows are found by filter and by id, with every try, and without a secret', async () => {
  const log = open()
  log.record(record())
  log.record(failing)
  log.close()
  const reader = createRecordReader(folder)
  expect((await reader.list({})).map(({ id }) => id)).toEqual(['req_1', 'req_2'])
  expect((await reader.list({ failed: true })).map(({ id }) => id)).toEqual(['req_2'])
  expect((await reader.list({ client: 'alice', model: 'large' })).map(({ id }) => id)).toEqual(['req_1'])
  expect((await reader.list({ since: NOON })).length).toBe(0)
  expect((await reader.list({ after: 1 })).map(({ id }) => id)).toEqual(['req_2'])
  expect(await reader.find('req_1')).toMatchObject({
    client: 'alice',
    stream: false,
    cost: 0.5,
    at: NOON - 100,
    trail: [],
  })
  expect(await reader.find('req_2')).toMatchObject({ error: 'no answer to [key]', trail: failing.trail })
  expect(await reader.find('nobody')).toBeUndefined()
})

test('one request is shown as a waterfall', async () => {
  const log = open()
  log.record(failing)
  log.close()
  const [row] = await createRecordReader(folder).list({})
  const shown = row ? inFull(row) : ''
  expect(shown).toContain('acme/large  acme#1  server_error  |████████████████                        |  400 ms')
  expect(shown).toContain(
    '|                ····████████████████████|  waited 100 ms, 500 ms, first content after 50 ms',
  )
})

test('a trace of it is one that plan reads', async () => {
  const log = open()
  log.record(record())
  now += 2500
  log.record(record({ id: 'req_3', client: undefined, max_tokens: 99 }))
  log.record(record({ id: 'req_4', output_tokens: undefined }))
  log.close()
  expect(readTrace(traceText(loggedTrace(await createRecordReader(folder).list({}))))).toEqual([
    { t_s: 0, input_tokens: 10, output_tokens: 20, client: 'alice' },
    { t_s: 2.5, input_tokens: 10, output_tokens: 20, max_tokens: 99 },
  ])
})

test('a trace has those too that nobody served, as large as the middle one', async () => {
  const log = open()
  log.record(record({ id: 'req_1', input_tokens: 10, output_tokens: 20 }))
  log.record(record({ id: 'req_2', input_tokens: 30, output_tokens: 40 }))
  log.record(record({ id: 'req_3', input_tokens: 50, output_tokens: 600 }))
  const unknown = { input_tokens: undefined, output_tokens: undefined, client: undefined }
  log.record(record({ id: 'req_4', outcome: 'queue_full', ...unknown }))
  log.record(record({ id: 'req_5', outcome: 'invalid_request', ...unknown }))
  log.close()
  const { rows, supposed } = loggedTrace(await createRecordReader(folder).list({}))
  expect(rows.slice(3)).toEqual([{ t_s: 0, input_tokens: 30, output_tokens: 40 }])
  expect(supposed).toBe(1)
})

describe('what was spent', () => {
  test('is summed up by day, client, key and model, exactly, and outlives its rows', async () => {
    const log = open({ age: DAY })
    for (let n = 0; n < 100; n++) log.record(record({ cost: 0.01 }))
    log.record(record({ client: 'bob', key: 'acme#2', cost: 2 }))
    log.close()
    now += 2 * DAY
    const later = open({ age: DAY })
    later.record(record({ cost: 1 }))
    later.close()
    const reader = createRecordReader(folder)
    expect((await reader.list({})).length).toBe(1)
    expect(await reader.spend({ by: ['client'] })).toMatchObject([
      { client: 'alice', requests: 101, input_tokens: 1010, output_tokens: 2020, cost: expect.closeTo(2, 9) as number },
      { client: 'bob', requests: 1, cost: 2 },
    ])
    expect(await reader.spend({ by: ['day', 'key'], until: '2027-01-31' })).toMatchObject([
      { day: '2027-01-31', key: 'acme#2', cost: 2 },
      { day: '2027-01-31', key: 'acme#1', cost: expect.closeTo(1, 9) as number },
    ])
    expect(await reader.spend({ by: [], client: 'bob' })).toMatchObject([{ cost: 2 }])
    expect(await reader.spend({ by: ['model'], since: '2028-01-01' })).toEqual([])
  })
})

test('the file stays below its bound: the oldest rows go', async () => {
  const log = open({ size: 200_000 })
  for (let n = 0; n < 3000; n++) log.record(record({ id: `req_${n}`, error: 'x'.repeat(200) }))
  log.close()
  const rows = await createRecordReader(folder).list({ limit: 10_000 })
  expect(rows.length).toBeGreaterThan(100)
  expect(rows.length).toBeLessThan(1500)
  expect(rows.at(-1)?.id).toBe('req_2999')
})

test('a damaged file is set aside and told, and logging goes on', async () => {
  writeFileSync(join(folder, 'requests.sqlite'), 'this is no database at all, whatever it is called'.repeat(100))
  const log = open()
  log.record(record())
  log.close()
  expect(failures).toEqual([expect.stringContaining('set aside as')])
  expect(readdirSync(folder)).toContain('requests.sqlite.damaged-1')
  expect((await createRecordReader(folder).list({})).length).toBe(1)
})

test('a disk that takes nothing is told once, and nobody is stopped', () => {
  writeFileSync(join(folder, 'file'), '')
  const log = open({ folder: join(folder, 'file', 'below') })
  for (let n = 0; n < 10; n++) log.record(record())
  expect(() => log.close()).not.toThrow()
  expect(failures.length).toBe(1)
  expect(existsSync(join(folder, 'file', 'below'))).toBe(false)
})

test('what waits for a disk that takes nothing is bounded, texts counted; what was lost is told when it is written again', async () => {
  writeFileSync(join(folder, 'file'), '')
  const log = open({ folder: join(folder, 'file', 'below') })
  const bodies = { request: 'x'.repeat(256 * 1024), answer: 'y' }
  for (let n = 0; n < 600; n++) log.record(record({ id: `req_${n}`, bodies }))
  expect(failures.length).toBe(1)
  rmSync(join(folder, 'file'))
  log.close()
  const rows = await createRecordReader(join(folder, 'file', 'below')).list({ limit: 1000 })
  // of 64 MiB some is let go at once
  expect(rows.length).toBeGreaterThan(200)
  expect(rows.length).toBeLessThanOrEqual(256)
  expect(rows.at(-1)?.id).toBe('req_599')
  expect(lost).toEqual([600 - rows.length])
})

test('a folder without a log has nothing to show', async () => {
  expect(await createRecordReader(folder).list({})).toEqual([])
  expect(await createRecordReader(folder).spend({ by: ['client'] })).toEqual([])
})
