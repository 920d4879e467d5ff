/** What is kept of responses is bounded, ends in time, and is its client's alone. */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

test('the oldest go when there is too much', async () => {
  const store = openResponseStore({ most: 300 })
  for (const id of ['a', 'b', 'c', 'd']) store.put(kept(id))
  const found = await Promise.all(['a', 'b', 'c', 'd'].map((id) => store.get(id, undefined)))
  expect(found.map((each) => each?.id)).toEqual([undefined, undefined, 'c', 'd'])
  store.put(kept('large', { response: { text: 'x'.repeat(1000) } }))
  expect(await store.get('large', undefined)).toBeUndefined()
  expect(await store.get('d', undefined)).toBeDefined()
})

test('a response ends after thirty days', async () => {
  let now = 0
  const store = openResponseStore({ now: () => now })
  store.put(kept('a'))
  now = 29 * 86_400_000
  expect(await store.get('a', undefined)).toBeDefined()
  now = 31 * 86_400_000
  expect(await store.get('a', undefined)).toBeUndefined()
})

test('a conversation is told from its first turn, and not at all where one is gone', async () => {
  const store = openResponseStore()
  store.put(kept('a'))
  store.put(kept('b', { previous: 'a' }))
  store.put(kept('c', { previous: 'b' }))
  expect((await store.conversation('c', undefined))?.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
  expect(await store.conversation('c', 'somebody')).toBeUndefined()
  expect(await store.delete('a', 'somebody')).toBe(false)
  expect(await store.delete('a', undefined)).toBe(true)
  expect(await store.conversation('c', undefined)).toBeUndefined()
})

test('a file that is damaged is set aside, and a new one is for this user alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'responses-'))
  const file = join(folder, 'responses.sqlite')
  writeFileSync(file, 'no database')
  const told: string[] = []
  const store = openResponseStore({ folder, damaged: (aside) => void told.push(aside) })
  store.put(kept('a'))
  expect(await store.get('a', undefined)).toBeDefined()
  expect(told).toEqual([`${file}.damaged-1`])
  for (const name of readdirSync(folder).filter((each) => !each.includes('damaged')))
    expect([name, (statSync(join(folder, name)).mode & 0o777).toString(8)]).toEqual([name, '600'])
  store.close()
  rmSync(folder, { recursive: true })
})
