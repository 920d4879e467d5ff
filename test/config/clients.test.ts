import { join } from 'node:path'
import { expect, test } from 'vitest'
import { load, problemsOf } from './files.ts'

const named = (env: Record<string, string>) =>
  load('providers: {}\nserver: { api_keys: { alice: "${ALICE}", ci: [c1, c2] } }', env)

test('clients have names, for fairness, limits and the log', () => {
  const { server } = named({ ALICE: 'a1, a2' })
  expect(server.api_keys).toEqual(['a1', 'a2', 'c1', 'c2'])
  expect([...server.client_names]).toEqual([
    ['a1', 'alice'],
    ['a2', 'alice'],
    ['c1', 'ci'],
    ['c2', 'ci'],
  ])
})

test('keys without names are numbered', () => {
  const { server } = load('providers: {}\nserver: { api_keys: [x, y] }')
  expect([...server.client_names]).toEqual([
    ['x', 'client#1'],
    ['y', 'client#2'],
  ])
})

test('a client may have a share and limits, and everybody else as well', () => {
  const text = 'providers: {}\nscheduler: { clients: { alice: { weight: 3 }, "*": { limits: { rpm: 60 } } } }'
  expect(load(text).scheduler.clients).toMatchObject({
    alice: { weight: 3 },
    '*': { limits: [{ metric: 'requests', amount: 60, period: 60_000, scope: 'client' }] },
  })
})

test('a fault in what a client may have is told with its place', () => {
  const text =
    'providers: {}\nscheduler: { clients: { alice: { limits: { requests: 5, per: day, resets: "00:00 Europ" } } } }'
  expect(problemsOf(() => load(text))).toMatchObject([{ line: 2, message: expect.stringContaining('Europ') }])
})

test('the scheduler can be tuned in full', () => {
  const text = 'providers: {}\nscheduler: { trust_headers: true, backfill: 1, lease_ttl: 20m }'
  expect(load(text).scheduler).toMatchObject({ trust_headers: true, backfill: 1, lease_ttl: 1_200_000 })
})

test('the data folder is relative to the file, and none by default', () => {
  const config = load('providers: {}\nserver: { data: state }')
  expect(config.server.data).toBe(join(config.file, '..', 'state'))
  expect(load('providers: {}').server.data).toBeUndefined()
})
