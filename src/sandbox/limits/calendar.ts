/** When a calendar window begins and ends in a named time zone, daylight saving included. */
import type { Resets } from './types.ts'

interface Local {
  year: number
  /** 1 to 12. */
  month: number
  day: number
  hour: number
  minute: number
  second: number
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const FIXED = Date.UTC(2026, 0, 1)
const formats = new Map<string, Intl.DateTimeFormat>()

/** The window that holds `now`: from its start (included) to its end (excluded), milliseconds since 1970. */
export function calendarWindow(resets: Resets, now: number): { start: number; end: number } {
  let start = boundary(resets, now, 0)
  let end = boundary(resets, now, 1)
  // The nominal unit that holds `now` may begin after it: a day that resets at 09:00, seen at 08:00.
  for (let step = -1; start > now; step--) [start, end] = [boundary(resets, now, step), start]
  for (let step = 2; end <= now; step++) [start, end] = [end, boundary(resets, now, step)]
  return { start, end }
}

/** The reset in the unit `steps` after the one that holds `now`. */
function boundary({ unit, at, zone }: Resets, now: number, steps: number): number {
  const [hour = 0, minute = 0] = at.split(':').map(Number)
  // Hours are steps of real time from one fixed moment: where daylight saving moves a zone by half an hour, the hours stay.
  if (unit === 'hour') {
    const anchor = minute * MINUTE - offset(FIXED, zone)
    return anchor + (Math.floor((now - anchor) / HOUR) + steps) * HOUR
  }
  const local = localTime(now, zone)
  const date = new Date(Date.UTC(local.year, local.month - 1, local.day))
  if (unit === 'month') date.setUTCFullYear(local.year, local.month - 1 + steps, 1)
  else if (unit === 'week') date.setUTCDate(local.day - ((date.getUTCDay() + 6) % 7) + 7 * steps)
  else date.setUTCDate(local.day + steps)
  return instant(date.getTime() + (hour * 60 + minute) * MINUTE, zone)
}

/**
 * The moment when clocks in `zone` show that time. Of a time that is shown twice the first; of one that is skipped the moment
 * of the change, moved on by as much.
 */
function instant(shown: number, zone: string): number {
  const candidates = [offset(shown - DAY, zone), offset(shown + DAY, zone)].map((zoneOffset) => shown - zoneOffset)
  const exact = candidates.filter((candidate) => candidate + offset(candidate, zone) === shown)
  return exact.length > 0 ? Math.min(...exact) : Math.max(...candidates)
}

/** Milliseconds that clocks in `zone` are ahead of UTC. */
function offset(now: number, zone: string): number {
  const { year, month, day, hour, minute, second } = localTime(now, zone)
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(now / 1000) * 1000
}

function localTime(now: number, zone: string): Local {
  let format = formats.get(zone)
  if (!format) {
    const number = 'numeric'
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: number,
      month: number,
      day: number,
      hour: number,
      minute: number,
      second: number,
    })
    formats.set(zone, format)
  }
  const parts = new Map(format.formatToParts(now).map((part) => [part.type, Number(part.value)]))
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0
  return {
    year: part('year'),
    month: part('month'),
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
    second: part('second'),
  }
}
