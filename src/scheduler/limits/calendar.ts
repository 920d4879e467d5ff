/** Where hours, days, weeks and months begin in a named time zone, also on the days when its clocks change. */
import type { LimitSpec } from '../types.ts'
import type { Frame } from './fixed.ts'

type Resets = NonNullable<LimitSpec['resets']>

const DAY = 86_400_000
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']

/** Local clock readings are kept as if they were UTC, in milliseconds: arithmetic without a zone. */
type Local = number

/**
 * The frame of a calendar window. `at` is `HH:MM`, before it a weekday (`monday 00:00`, for weeks) or a day of the month
 * (`15 00:00`, for months) where the window does not begin on Monday or on the first. For hours only the minutes count.
 */
export function calendarFrame({ unit, at, zone }: Resets): Frame {
  const offset = zoneOffset(zone)
  const { prefix, minutes } = readAt(at)
  const shift = unit === 'hour' ? (minutes % 60) * 60_000 : minutes * 60_000
  const weekday = Math.max(prefix ? WEEKDAYS.indexOf(prefix.toLowerCase()) : 1, 0)
  const dayOfMonth = unit === 'month' && prefix ? Number(prefix) : 1

  /** The `step`-th beginning from the one at or before a local reading. */
  function beginning(local: Local, step: number): Local {
    const shifted = local - shift
    if (unit === 'hour') return Math.floor(shifted / 3_600_000 + step) * 3_600_000 + shift
    const day = Math.floor(shifted / DAY)
    if (unit === 'day') return (day + step) * DAY + shift
    // 1970-01-01 was a Thursday.
    if (unit === 'week') return (day - ((day + 4 - weekday + 7) % 7) + 7 * step) * DAY + shift
    const date = new Date(shifted)
    const month = date.getUTCMonth() + step - (date.getUTCDate() < dayOfMonth ? 1 : 0)
    return Date.UTC(date.getUTCFullYear(), month, dayOfMonth) + shift
  }

  function toInstant(local: Local): number {
    const guess = local - offset(local)
    const instant = local - offset(guess)
    if (instant + offset(instant) !== local) return Math.max(instant, guess)
    // In the hour that a zone repeats, the first one; in the hour that it skips, the moment of the change or later.
    const earlier = local - offset(instant - 3_600_000)
    return earlier < instant && earlier + offset(earlier) === local ? earlier : instant
  }

  let cached = { start: 0, end: -1 }
  return (wall) => {
    if (wall >= cached.start && wall < cached.end) return cached
    // An hourly window is an hour of real time, whatever the zone's clocks do.
    if (unit === 'hour') {
      const start = Math.floor((wall - shift) / 3_600_000) * 3_600_000 + shift
      return (cached = { start, end: start + 3_600_000 })
    }
    const local = wall + offset(wall)
    let step = 0
    let start = toInstant(beginning(local, step))
    while (start > wall) start = toInstant(beginning(local, --step))
    let end = toInstant(beginning(local, step + 1))
    while (end <= wall) {
      start = end
      end = toInstant(beginning(local, ++step + 1))
    }
    return (cached = { start, end })
  }
}

function readAt(at: string): { prefix: string | undefined; minutes: number } {
  const match = /^(?:(\w+)\s+)?(\d{1,2}):(\d{2})$/.exec(at.trim())
  if (!match) throw new RangeError(`"${at}" is not a time of day such as 00:00`)
  return { prefix: match[1], minutes: Number(match[2]) * 60 + Number(match[3]) }
}

type Offset = (instant: number) => number

/** By zone, one for all limits: the engine's knowledge of one takes a start 10 ms and a hundred kilobytes. */
const OFFSETS = new Map<string, Offset>([['UTC', () => 0]])

/** Milliseconds by which a zone's clocks are ahead of UTC at an instant. Throws a RangeError for an unknown zone. */
function zoneOffset(zone: string): Offset {
  const offset = OFFSETS.get(zone) ?? offsetOf(zone)
  OFFSETS.set(zone, offset)
  return offset
}

function offsetOf(zone: string): Offset {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return (instant) => {
    const part: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(instant)) part[type] = Number(value)
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1000) * 1000
  }
}

/** Windows of a fixed length, counted from `anchor` (wall-clock milliseconds). */
export function periodicFrame(period: number, anchor: number): Frame {
  return (wall) => {
    const start = Math.floor((wall - anchor) / period) * period + anchor
    return { start, end: start + period }
  }
}
