/** Providers' keys that are not of the file are read as those of it, but nothing in them is filled or cut. */
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { readAddedKey } from '../../src/config/sections/keys.ts'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from './files.ts'

test('join those of their provider, and make one live that has none', () => {
  const file = join(folder(), 'c.yaml')
  writeFileSync(
    file,
    `providers:
  a: { format: openai, base_url: http://a.example/v1, keys: [key-of-the-file] }
  b: { format: openai, base_url: http://b.example/v1, keys: "\${NONE}" }
`,
  )
  const config = loadConfig(file, {}, undefined, {
    a: [
      { name: 'a#x1', written: { key: 'added,with${HOME}', weight: 3, limits: { rpm: 5 } } },
      { name: 'a#x2', written: { key: 'key-of-the-file' } },
    ],
    b: [{ name: 'b#x3', written: { key: { id: 'i', secret: '${S}' } } }],
    gone: [{ name: 'gone#x4', written: { key: 'k' } }],
  })
  expect(config.providers.map(({ name, keys }) => [name, keys])).toMatchObject([
    ['a', [{ name: 'a#1' }, { name: 'a#x1', secret: 'added,with${HOME}', weight: 3, limits: [{ amount: 5 }] }]],
    ['b', [{ name: 'b#x3', secret: { id: 'i', secret: '${S}' } }]],
  ])
  expect(config.providers[0]?.keys).toHaveLength(2)
  expect(config.leftOut).toEqual([])
})

test.each([
  ['Bearer abc', 'begins with "Bearer "'],
  ['"quoted"', 'stands in quotes'],
  ['a\nb', 'line break'],
  ['  ', 'empty'],
])('%j is told to be no key', (key, message) => {
  expect(readAddedKey({ name: 'a#x', written: { key } })).toMatchObject([{ message: expect.stringContaining(message) }])
})
