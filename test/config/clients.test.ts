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

test.each([
  [
    'one key for two clients',
    '{ providers: {}, server: { api_keys: { alice: k-1, bob: [k-2, k-1] } } }',
    'alice has this key, too',
  ],
  [
    'a client whom no key names',
    '{ providers: {}, server: { api_keys: { alice: k-1 } }, scheduler: { clients: { alise: { weight: 2 } } } }',
    'no client alise',
  ],
  ['an empty list', '{ providers: {}, server: { api_keys: [] } }', 'an empty list lets anyone call'],
  ['an empty text', '{ providers: {}, server: { api_keys: "" } }', 'a value without a key lets anyone call'],
  [
    'a list of nothing',
    '{ providers: {}, server: { api_keys: [" ", ","] } }',
    'a value without a key lets anyone call',
  ],
  ['an empty map', '{ providers: {}, server: { api_keys: {} } }', 'a value without a key lets anyone call'],
  ['a client without a key', '{ providers: {}, server: { api_keys: { alice: [] } } }', 'alice has no key'],
  ['a key that stands twice', '{ providers: {}, server: { api_keys: [k-1, k-1] } }', 'a key stands here twice'],
  ['administrators without a key', '{ providers: {}, server: { admin_keys: [] } }', 'there is no key in it'],
  ['a client key in quotes', `{ providers: {}, server: { api_keys: ["'k-1'"] } }`, 'stands in quotes'],
  [
    'a client key with its scheme',
    '{ providers: {}, server: { api_keys: { a: "Bearer k-1" } } }',
    'begins with "Bearer "',
  ],
  [
    'an administrator’s with its scheme',
    '{ providers: {}, server: { admin_keys: "bearer k-1" } }',
    'begins with "Bearer "',
  ],
  ...['$OPENAI_API_KEY', '{{ KEY }}', '${{ secrets.KEY }}', '%KEY%', 'os.environ/KEY'].map(
    (key): [string, string, string] => [
      `a variable of another program: ${key}`,
      `{ providers: { up: { format: openai, base_url: "https://a.example", keys: ["${key.replace('${', '$${')}"] } } }`,
      'write ${NAME}',
    ],
  ),
  [
    'a header that frames the message',
    '{ providers: { up: { format: openai, base_url: "https://a.example", keyless: true, headers: { Content-Length: "5" } } } }',
    'none that frames the message',
  ],
  [
    'an address with a space in it',
    '{ providers: { up: { format: openai, base_url: "https://a.example/v 1", keyless: true } } }',
    'a URL without spaces',
  ],
  [
    'a key in quotes',
    `{ providers: { up: { format: openai, base_url: "https://a.example", keys: ["'k-1'"] } } }`,
    'stands in quotes',
  ],
  [
    'a key with its scheme',
    '{ providers: { up: { format: openai, base_url: "https://a.example", keys: ["Bearer k-1"] } } }',
    'begins with "Bearer "',
  ],
  [
    'a key that no header carries',
    '{ providers: { up: { format: openai, base_url: "https://a.example", keys: ["k–1"] } } }',
    'U+2013',
  ],
  [
    'a key that ends in a tab',
    '{ providers: { up: { format: openai, base_url: "https://a.example", keys: ["k-1\\t"] } } }',
    'a tab or another control character',
  ],
  [
    'a client key that no header carries',
    '{ providers: {}, server: { api_keys: { alice: [k-1, "k\\t2"] } } }',
    'a tab or another control character',
  ],
  ['a key of administrators that no header carries', '{ providers: {}, server: { admin_keys: ["k–1"] } }', 'U+2013'],
  [
    'a password in an address',
    '{ providers: { up: { format: openai, base_url: "https://me:pass@a.example", keys: [k-1] } } }',
    'user:password@',
  ],
])('%s is told', (_, text, message) => {
  const problems = problemsOf(() => load(text))
  expect(problems).toMatchObject([{ message: expect.stringContaining(message) }])
  expect(problems[0]?.excerpt).not.toContain('me:pass')
})

test('keys from the environment are held to the same', () => {
  const messages = (keys: string) =>
    problemsOf(() => load('providers: {}', { BALANCED_CALL_API_KEYS: keys })).map(({ message }) => message)
  expect(messages('"key-1"')).toEqual([expect.stringContaining('stands in quotes')])
  expect(messages(' , ')).toEqual([expect.stringContaining('lets anyone call')])
  // a secret that was left blank is none
  expect(messages('\n')).toEqual([])
})

test('an address in other letters is sent as the wire carries it', () => {
  const text = '{ providers: { up: { format: openai, base_url: "https://bücher.example/ä/", keyless: true } } }'
  expect(load(text).providers[0]?.base_url).toBe('https://xn--bcher-kva.example/%C3%A4')
})
