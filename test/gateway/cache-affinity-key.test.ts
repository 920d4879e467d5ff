import { expect, test } from 'vitest'
import { cacheAffinityKey } from '../../src/gateway/cache-affinity-key.ts'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'

test('long names of sessions are told apart by their ends as well, and kept short', () => {
  const request = parseChatRequest({ model: 'm', messages: [{ role: 'user', content: 'Hello' }] })
  const [first = '', second = ''] = ['1', '2'].map((end) =>
    cacheAffinityKey(request, { client: 'alice', session: `${'x'.repeat(4000)}${end}` }),
  )
  expect(first).not.toBe(second)
  expect(first.length).toBeLessThan(100)
  expect(cacheAffinityKey(request, { client: 'alice', session: 'mine' })).toBe('alice|mine')
})
