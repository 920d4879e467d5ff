import { expect, test } from 'vitest'
import { changeOf, entryOf, fieldsOf, NOTHING } from '../../src/ui/page/views/client-key-fields.ts'

const KEY = {
  name: 'alice',
  models: ['fast', 'openai/*'],
  limits: [
    { rpm: 60, concurrency: 5, tpm: '8k' },
    { usd: 5, per: 'day' },
    { usd: 50, per: 'month', resets: '00:00 Europe/Berlin' },
  ],
  expires: '2027-01-31T12:00:00Z',
}

test('a key’s entry is in the fields, and nothing is changed where nothing was', () => {
  const given = fieldsOf(KEY)
  expect(given).toEqual({
    name: 'alice',
    models: 'fast, openai/*',
    rpm: '60',
    concurrency: '5',
    usd: '50',
    expires: '2027-01-31',
  })
  expect(changeOf(KEY, given)).toEqual({})
})

test('what has no field stays beside what is changed', () => {
  expect(changeOf(KEY, { ...fieldsOf(KEY), rpm: '90', concurrency: '', usd: '70' })).toEqual({
    limits: [
      { rpm: 90, tpm: '8k' },
      { usd: 5, per: 'day' },
      { usd: 70, per: 'month', resets: '00:00 Europe/Berlin' },
    ],
  })
})

test('an empty field takes away what it told', () => {
  const key = { name: 'bob', models: 'fast', limits: { usd: 5, per: 'month' }, expires: '2027-01-31' }
  expect(changeOf(key, { ...NOTHING, name: 'bob' })).toEqual({ models: null, limits: null, expires: null })
})

test('a new key has what was given only', () => {
  expect(entryOf({ ...NOTHING, name: ' carol ' })).toEqual({ name: 'carol' })
  expect(entryOf({ ...NOTHING, name: 'carol', models: 'a b', usd: '3', rpm: '9' })).toEqual({
    name: 'carol',
    models: ['a', 'b'],
    limits: [{ rpm: 9 }, { usd: 3, per: 'month', resets: '00:00 UTC' }],
  })
})
