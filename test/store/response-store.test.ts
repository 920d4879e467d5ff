/** What is kept of responses is bounded, ends in time, and is its client's alone. */
import { expect, test } from 'vitest'
import type { KeptResponse } from '../../src/api/responses/kept-response.ts'
import { openResponseStore } from '../../src/store/sqlite/response-store.ts'

const kept = (id: string, more: Partial<KeptResponse> = {}): KeptResponse => ({
  id,
  client: undefined,
  previous: undefined,
  isNative: false,
  items: [id],
  response: { id, text: 'x'.repeat(100) },
  ...more,
})

test('the oldest go when there is too much', () => {
  const store = openResponseStore({ most: 300 })
  for (const id of ['a', 'b', 'c', 'd']) store.put(kept(id))
  expect(['a', 'b', 'c', 'd'].filter((id) => store.get(id, undefined))).toEqual(['c', 'd'])
  store.put(kept('large', { response: { text: 'x'.repeat(1000) } }))
  expect(store.get('large', undefined)).toBeUndefined()
  expect(store.get('d', undefined)).toBeDefined()
})

test('a response ends after thirty days', () => {
  let now = 0
  const store = openResponseStore({ now: () => now })
  store.put(kept('a'))
  now = 29 * 86_400_000
  expect(store.get('a', undefined)).toBeDefined()
  now = 31 * 86_400_000
  expect(store.get('a', undefined)).toBeUndefined()
})

test('a conversation is told from its first turn, and not at all where one is gone', () => {
  const store = openResponseStore()
  store.put(kept('a'))
  store.put(kept('b', { previous: 'a' }))
  store.put(kept('c', { previous: 'b' }))
  expect(store.conversation('c', undefined)?.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
  expect(store.conversation('c', 'somebody')).toBeUndefined()
  expect(store.delete('a', 'somebody')).toBe(false)
  expect(store.delete('a', undefined)).toBe(true)
  expect(store.conversation('c', undefined)).toBeUndefined()
})
