import { expect, test } from 'vitest'
import { keyHash } from '../../src/config/sections/client-list.ts'
import { load, problemsOf } from './files.ts'

const HASH = keyHash('carols-key')

test('clients have keys or hashes of them, models, limits, groups, an end and a patience', () => {
  const { server, scheduler } = load(
    `providers: {}
clients:
  alice:
    keys: "\${ALICE}"
    models: [fast, "openai/*"]
    limits: [{ rpm: 60 }, { usd: 5, per: day, resets: "00:00 UTC" }]
    weight: 2
    groups: team
    expires: 2027-01-31
    max_wait: 10s
    tags: [night]
  carol: { key_hashes: "sha256:${HASH.toUpperCase()}" }
groups: { team: { limits: { usd: 100, per: month } } }
`,
    { ALICE: 'a1, a2' },
  )
  expect([...server.client_names]).toEqual([
    ['a1', 'alice'],
    ['a2', 'alice'],
  ])
  expect(server.client_hashes.get(HASH)).toBe('carol')
  expect(server.accesses.get('alice')).toEqual({
    models: ['fast', 'openai/*'],
    maxWait: 10_000,
    expires: Date.UTC(2027, 1, 1),
    tags: ['night'],
  })
  expect(scheduler.clients?.['alice']).toMatchObject({
    weight: 2,
    groups: ['team'],
    limits: [{ metric: 'requests' }, { metric: 'usd' }],
  })
  expect(scheduler.groups).toMatchObject({ team: { limits: [{ metric: 'usd', amount: 100 }] } })
})

test('those of server.api_keys and scheduler.clients stand beside them', () => {
  const { server, scheduler } = load(`providers: {}
server: { api_keys: { bob: b1 } }
scheduler: { clients: { bob: { weight: 3 }, "*": { limits: { rpm: 5 } } } }
clients: { alice: { keys: a1 } }
`)
  expect([...server.client_names.values()]).toEqual(['bob', 'alice'])
  expect(Object.keys(scheduler.clients ?? {})).toEqual(['bob', '*', 'alice'])
})

test.each([
  ['no key', 'clients: { alice: { weight: 2 } }', 'alice has no key'],
  ['a key of two', 'clients: { alice: { keys: k }, bob: { keys: [k] } }', 'alice has one of these keys, too'],
  [
    'a key of two, once by its hash',
    `clients: { alice: { keys: carols-key }, bob: { key_hashes: ${HASH} } }`,
    'alice has one',
  ],
  [
    'a key that api_keys has as well',
    'server: { api_keys: { bob: k } }\nclients: { alice: { keys: k } }',
    'bob of server.api_keys',
  ],
  [
    'a group that is not there',
    'clients: { a: { keys: k, groups: tem } }\ngroups: { team: { limits: { rpm: 1 } } }',
    'did you mean team?',
  ],
  ['no time', 'clients: { a: { keys: k, expires: soon } }', 'expected a day such as 2027-01-31'],
  ['no hash', 'clients: { a: { key_hashes: abc } }', 'SHA-256'],
  [
    'a share in two places',
    'scheduler: { clients: { a: { weight: 2 } } }\nclients: { a: { keys: k } }',
    'say them there',
  ],
  ['an administrator’s key', 'server: { admin_keys: k }\nclients: { a: { keys: k } }', "an administrator's is its own"],
])('a fault is told: %s', (_, text, message) => {
  expect(problemsOf(() => load(`providers: {}\n${text}\n`))).toMatchObject([
    { message: expect.stringContaining(message) },
  ])
})

test('a fault beside a key does not show it', () => {
  const [problem] = problemsOf(() => load('providers: {}\nclients: { alice: { keys: my-own-secret, weigt: 2 } }\n'))
  expect(problem?.excerpt).not.toContain('my-own-secret')
})
