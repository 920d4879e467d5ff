/** Who follows the log misses nothing where it cannot be read for a while, and is told of that once. */
import { expect, test } from 'vitest'
import type { StoredRecord } from '../../src/api/routes/records.ts'
import { UsageError } from '../../src/cli/command-line.ts'
import { followLog } from '../../src/cli/follow-log.ts'

test('a log that goes away is waited for', async () => {
  const looks: (number[] | string)[] = [[3, 4], 'cut', 'cut', 'cut', [5, 6, 7], [], 'cut', [8]]
  const [said, asked]: [string[], number[]] = [[], []]
  let left = looks.length
  await followLog({
    async list(after) {
      asked.push(after)
      const look = looks.shift()
      if (typeof look === 'string') throw new UsageError(`the log cannot be read: ${look}`)
      return (look ?? []).map((number) => ({ number }) as StoredRecord)
    },
    after: 2,
    write: (rows) => void said.push(rows.map(({ number }) => number).join(' ')),
    say: (text) => void said.push(text),
    next: async () => left-- > 0,
  })
  expect(asked).toEqual([2, 4, 4, 4, 4, 7, 7, 7])
  const [away, back] = ['the log cannot be read: cut; waiting until it can', 'the log can be read again']
  expect(said).toEqual(['3 4', away, back, '5 6 7', '', away, back, '8'])
})

test('what is no fault of the log ends it', async () => {
  const list = async (): Promise<never> => Promise.reject(new TypeError('a defect'))
  await expect(followLog({ list, after: 0, write: () => {}, say: () => {}, next: async () => true })).rejects.toThrow(
    'a defect',
  )
})
