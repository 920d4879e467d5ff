/// <reference lib="esnext.temporal" />
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calendarFrame } from '../../src/scheduler/limits/calendar.ts'
import type { LimitSpec } from '../../src/scheduler/types.ts'
import { ask, provider, setUp } from './fixture.ts'
import { virtualClock } from './virtual-clock.ts'

const HOUR = 3_600_000
const iso = (instant: number) => new Date(instant).toISOString()
const frameAt = (resets: NonNullable<LimitSpec['resets']>, at: string) => {
  const { start, end } = calendarFrame(resets)(Date.parse(at))
  return [iso(start), iso(end)]
}

const ZONES = [
  'UTC',
  'America/Los_Angeles',
  'America/Santiago',
  'America/St_Johns',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Europe/Berlin',
]

/** The same window by the calendar that Node brings: weeks from Monday, months from the first. */
function byTemporal(unit: 'day' | 'week' | 'month', hour: number, minute: number, zone: string, now: number): number[] {
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone).toPlainDate()
  const first = { day: today, week: today.subtract({ days: today.dayOfWeek - 1 }), month: today.with({ day: 1 }) }[unit]
  const begins = [-2, -1, 0, 1, 2].map(
    (step) =>
      first.add({ [`${unit}s`]: step }).toZonedDateTime({ timeZone: zone, plainTime: { hour, minute } })
        .epochMilliseconds,
  )
  const next = begins.findIndex((begin) => begin > now)
  return [begins[next - 1] ?? 0, begins[next] ?? 0]
}

describe('calendar windows', () => {
  const pacific = { unit: 'day', at: '00:00', zone: 'America/Los_Angeles' } as const

  it('begin at midnight of their zone, in winter and in summer', () => {
    expect(frameAt(pacific, '2026-01-15T12:00:00Z')).toEqual(['2026-01-15T08:00:00.000Z', '2026-01-16T08:00:00.000Z'])
    expect(frameAt(pacific, '2026-07-15T06:59:59Z')).toEqual(['2026-07-14T07:00:00.000Z', '2026-07-15T07:00:00.000Z'])
  })

  it('last 23 and 25 hours on the days when clocks change', () => {
    expect(frameAt(pacific, '2026-03-08T20:00:00Z')).toEqual(['2026-03-08T08:00:00.000Z', '2026-03-09T07:00:00.000Z'])
    expect(frameAt(pacific, '2026-11-01T20:00:00Z')).toEqual(['2026-11-01T07:00:00.000Z', '2026-11-02T08:00:00.000Z'])
  })

  it('begin once where the zone skips or repeats their hour', () => {
    const skipped = { unit: 'day', at: '02:30', zone: 'America/New_York' } as const
    expect(frameAt(skipped, '2026-03-08T12:00:00Z')[0]).toMatch(/^2026-03-08T0[67]:30/)
    const repeated = { unit: 'day', at: '01:30', zone: 'America/New_York' } as const
    expect(frameAt(repeated, '2026-11-01T12:00:00Z')[0]).toBe('2026-11-01T05:30:00.000Z')
    const midnight = { unit: 'day', at: '00:00', zone: 'America/Santiago' } as const
    expect(frameAt(midnight, '2026-09-06T12:00:00Z')[0]).toBe('2026-09-06T04:00:00.000Z')
  })

  it('follow one another without a gap through a whole year, in any zone', () => {
    for (const zone of ['UTC', 'America/Los_Angeles', 'Asia/Kolkata', 'Australia/Lord_Howe', 'America/Santiago']) {
      for (const unit of ['hour', 'day', 'week', 'month'] as const) {
        const frame = calendarFrame({ unit, at: '00:00', zone })
        let at = Date.parse('2026-01-01T12:34:56Z')
        let last = frame(at)
        for (let step = 0; step < 400 && at < Date.parse('2027-03-01'); step++) {
          expect(last.end, `${zone} ${unit}`).toBeGreaterThan(last.start)
          at = last.end
          const next = calendarFrame({ unit, at: '00:00', zone })(at)
          expect(iso(next.start), `${zone} ${unit}`).toBe(iso(last.end))
          expect(frame(at - 1)).toEqual(last)
          last = next
        }
      }
    }
  })

  it('begin where the calendar of the platform says', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.constantFrom('day', 'week', 'month'),
        fc.nat(23),
        fc.constantFrom(0, 30),
        fc.integer({ min: Date.parse('2024-01-01'), max: Date.parse('2029-01-01') }),
        (zone, unit, hour, minute, now) => {
          const at = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
          const { start, end } = calendarFrame({ unit, at, zone })(now)
          expect([start, end]).toEqual(byTemporal(unit, hour, minute, zone, now))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('take weeks and months from the day that was named', () => {
    const week = { unit: 'week', at: 'sunday 00:00', zone: 'UTC' } as const
    expect(frameAt(week, '2026-01-15T00:00:00Z')).toEqual(['2026-01-11T00:00:00.000Z', '2026-01-18T00:00:00.000Z'])
    const month = { unit: 'month', at: '15 00:00', zone: 'UTC' } as const
    expect(frameAt(month, '2026-03-14T23:59:59Z')).toEqual(['2026-02-15T00:00:00.000Z', '2026-03-15T00:00:00.000Z'])
  })

  it('refuse a zone or a time that does not exist', () => {
    expect(() => calendarFrame({ unit: 'day', at: '00:00', zone: 'America/Nowhere' })).toThrow(RangeError)
    expect(() => calendarFrame({ unit: 'day', at: 'noon', zone: 'UTC' })).toThrow('"noon" is not a time of day')
  })
})

describe('a day quota', () => {
  const day: LimitSpec = {
    metric: 'requests',
    amount: 3,
    period: 24 * HOUR,
    shape: 'calendar',
    resets: { unit: 'day', at: '00:00', zone: 'America/Los_Angeles' },
  }
  const options = { max_wait: 1000 }
  const serve = async (scheduler: ReturnType<typeof setUp>['scheduler'], times: number) => {
    let served = 0
    for (let n = 0; n < times; n++) {
      await scheduler.acquire(ask()).then(
        (lease) => (lease.settle({}), served++),
        () => {},
      )
    }
    return served
  }

  it('is spent once a day also when the server restarts a second before midnight', async () => {
    const clock = virtualClock(Date.parse('2026-01-16T07:59:50Z'))
    const first = setUp([provider('p', [[day]])], { clock, options })
    expect(await serve(first.scheduler, 2)).toBe(2)
    await clock.advance(9000)
    const saved = JSON.parse(JSON.stringify(first.scheduler.snapshot())) as ReturnType<typeof first.scheduler.snapshot>
    first.scheduler.close()

    // A second process, with a monotonic clock of its own.
    const later = virtualClock(Date.parse('2026-01-16T07:59:59Z'))
    const { scheduler } = setUp([provider('p', [[day]])], { clock: later, options: { max_wait: 0 } })
    scheduler.restore({ ...saved, clean: true })
    expect(await serve(scheduler, 3)).toBe(1)
    await later.advance(1100)
    expect(await serve(scheduler, 5)).toBe(3)
  })

  it('counts a crash pessimistically where the key was busy to the end', async () => {
    const clock = virtualClock()
    const hourly: LimitSpec = { metric: 'requests', amount: 3600, period: HOUR, shape: 'sliding' }
    const first = setUp([provider('p', [[hourly]])], { clock, options })
    await serve(first.scheduler, 100)
    const { scheduler } = setUp([provider('p', [[hourly]])], { clock, options })
    scheduler.restore(first.scheduler.snapshot())
    expect(scheduler.report().scopes[0]?.level).toBe(3600 - 101)
  })

  it('waits 23 hours where the clocks go forward, and says so', async () => {
    const clock = virtualClock(Date.parse('2026-03-08T08:00:00Z'))
    const { scheduler } = setUp([provider('p', [[day]])], { clock, options })
    expect(await serve(scheduler, 5)).toBe(3)
    const error = await scheduler.acquire(ask()).then(
      () => undefined,
      (error: { retryAfter?: number }) => error,
    )
    expect(error?.retryAfter).toBe(23 * HOUR)
  })

  it('that a clock set back joins to the day before is asked about, and goes on where the provider begins anew', async () => {
    const clock = virtualClock(Date.parse('2026-01-16T07:30:00Z'))
    const { scheduler } = setUp([provider('p', [[day]])], { clock, options })
    expect(await serve(scheduler, 2)).toBe(2)
    await clock.advance(HOUR)
    expect(await serve(scheduler, 1)).toBe(1)
    clock.jump(-HOUR)
    // Of three the one before midnight that is left, by the clock that is true now; then it is asked about.
    expect(await serve(scheduler, 5)).toBe(0)
    await clock.advance(61_000)
    expect(await serve(scheduler, 5)).toBe(2)
  })

  it('is not won anew by a clock that is set forward over midnight and back', async () => {
    const clock = virtualClock(Date.parse('2026-01-16T07:30:00Z'))
    const { scheduler } = setUp([provider('p', [[day]])], { clock, options })
    expect(await serve(scheduler, 5)).toBe(3)
    clock.jump(HOUR)
    expect(await serve(scheduler, 1)).toBe(1)
    clock.jump(-HOUR)
    expect(await serve(scheduler, 5)).toBe(0)
    await clock.advance(HOUR / 2)
    expect(await serve(scheduler, 5)).toBe(3)
  })

  it('wakes who waits for midnight when the clock is set forward over it', async () => {
    const clock = virtualClock(Date.parse('2026-01-16T07:30:00Z'))
    const { scheduler } = setUp([provider('p', [[day]])], { clock, options: { max_wait: HOUR } })
    expect(await serve(scheduler, 3)).toBe(3)
    let served = false
    void scheduler.acquire(ask()).then(() => (served = true))
    await clock.advance(60_000)
    expect(served).toBe(false)
    clock.jump(HOUR)
    await clock.advance(30_000)
    expect(served).toBe(true)
  })

  it('survives a clock that is set back: minutes go on, the day is not extended twice', async () => {
    const clock = virtualClock(Date.parse('2026-01-16T12:00:00Z'))
    const minute: LimitSpec = { metric: 'requests', amount: 1, period: 60_000, shape: 'sliding' }
    const { scheduler } = setUp([provider('p', [[day, minute]])], { clock, options })
    expect(await serve(scheduler, 1)).toBe(1)
    clock.jump(-HOUR)
    await clock.advance(60_121)
    expect(await serve(scheduler, 1)).toBe(1)
  })
})
