import { describe, expect, test } from 'vitest'
import { describeLimit } from '../../src/config/describe.ts'
import { readLimits } from '../../src/config/sections/limits.ts'
import { load } from './files.ts'

function limitsOf(written: string): unknown {
  const text = `providers: { a: { format: openai, base_url: "http://127.0.0.1:1", keys: [k], limits: ${written} } }`
  return load(text).providers[0]?.limits.map(({ scope, ...rest }) => ({
    ...rest,
    ...(scope === 'account' ? {} : { scope }),
  }))
}

describe('limits', () => {
  test('the short map covers everyday use', () => {
    expect(limitsOf('{ rpm: 30, tpm: 250k, rpd: 14400, tpd: 1M, rps: 1, rph: 900, concurrency: 4 }')).toEqual(
      [
        { metric: 'requests', amount: 30, period: 60_000 },
        { metric: 'tokens', amount: 250_000, period: 60_000 },
        { metric: 'requests', amount: 14_400, period: 86_400_000 },
        { metric: 'tokens', amount: 1_000_000, period: 86_400_000 },
        { metric: 'requests', amount: 1, period: 1000 },
        { metric: 'requests', amount: 900, period: 3_600_000 },
        { metric: 'concurrency', amount: 4, period: 0 },
      ].sort(bySameOrder),
    )
  })

  test('a list takes any metric over any window, with shape, burst, charge and scope', () => {
    expect(
      limitsOf(
        '[{ requests: 900, per: hour, shape: bucket, burst: 20 }, { uncached: 5, per: 90s, charge: input, scope: provider }, { usd: 0.5, per: month }, { rpm: 3 }]',
      ),
    ).toEqual([
      { metric: 'requests', amount: 900, period: 3_600_000, shape: 'bucket', burst: 20 },
      { metric: 'uncached', amount: 5, period: 90_000, charge: 'input', scope: 'provider' },
      { metric: 'usd', amount: 0.5, period: 2_592_000_000 },
      { metric: 'requests', amount: 3, period: 60_000 },
    ])
  })

  test('a window that resets by the clock is a calendar window in its zone', () => {
    const resets = { unit: 'day', at: '00:00', zone: 'America/Los_Angeles' }
    expect(
      limitsOf(
        '[{ tokens: 1M, per: day, resets: "00:00 America/Los_Angeles", scope: account }, { requests: 5, per: hour, shape: calendar }]',
      ),
    ).toEqual([
      { metric: 'tokens', amount: 1_000_000, period: 86_400_000, shape: 'calendar', resets },
      {
        metric: 'requests',
        amount: 5,
        period: 3_600_000,
        shape: 'calendar',
        resets: { unit: 'hour', at: '00:00', zone: 'UTC' },
      },
    ])
  })

  test('a concurrency beside a window has no length', () => {
    expect(readLimits({ requests: 5, per: 'day', concurrency: 2, resets: '01:00' }, 'key', [], () => {})).toMatchObject(
      [
        { metric: 'concurrency', period: 0 },
        { metric: 'requests', shape: 'calendar' },
      ],
    )
  })

  test('are told in words', () => {
    const [limit] = readLimits({ requests: 5, per: 'day', resets: '00:00 Asia/Tokyo' }, 'key', [], () => {})
    expect(limit && describeLimit(limit)).toBe('5 requests per day from 00:00 Asia/Tokyo')
    expect(describeLimit({ metric: 'input', amount: 7, period: 90_000 })).toBe('7 input tokens per 90 s')
    expect(describeLimit({ metric: 'concurrency', amount: 2, period: 0 })).toBe('2 at once')
  })
})

const ORDER = [
  'requests 1000',
  'requests 60000',
  'requests 3600000',
  'requests 86400000',
  'tokens 60000',
  'tokens 86400000',
  'concurrency 0',
]

function bySameOrder(a: { metric: string; period: number }, b: { metric: string; period: number }): number {
  return ORDER.indexOf(`${a.metric} ${a.period}`) - ORDER.indexOf(`${b.metric} ${b.period}`)
}
