/** Every way in which providers write a moment or a length of time, read as milliseconds from now. */

const UNIT: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 }

/**
 * `1s`, `6m0s`, `12ms`, `1h2m3.5s` (Go), a number of seconds, RFC 3339 and HTTP dates, epoch seconds or milliseconds.
 * @param now milliseconds since the epoch
 * @returns milliseconds from now, never negative; undefined when it is none of these
 */
export function readDuration(value: unknown, now: number): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? fromNumber(value, now) : undefined
  if (typeof value !== 'string') return undefined
  // in a sentence, what follows its full stop is not part of it: "9.816s. Visit …"
  const text = value.trim().replace(/\.(?:\s.*)?$/s, '')
  if (text === '' || text.length > 64) return undefined
  if (/^-?\d+(\.\d+)?$/.test(text)) return fromNumber(Number(text), now)
  const units = fromUnits(text)
  if (units !== undefined) return units
  // a bare word must not be read as a date: every date has a digit and a separator
  const date = /\d[-:, ]/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/** Above 10^9 a number is a moment: as seconds that is the year 2001, and no provider asks to wait 30 years. */
function fromNumber(value: number, now: number): number {
  if (value > 1e11) return Math.max(0, value - now)
  if (value > 1e9) return Math.max(0, value * 1000 - now)
  return Math.max(0, value * 1000)
}

function fromUnits(text: string): number | undefined {
  let total = 0
  let rest = text
  while (rest !== '') {
    const match = /^(\d+(?:\.\d+)?)\s?(ms|d|h|m|s)(?:\s|$|(?=\d))/.exec(rest)
    if (!match) return undefined
    total += Number(match[1]) * (UNIT[match[2] ?? ''] ?? 0)
    rest = rest.slice(match[0].length)
  }
  return total
}

/**
 * Milliseconds until the end of what a `RateLimit` header calls spent, of several the last: `"day";r=0;t=7, "minute";r=3;t=30`
 * (draft-ietf-httpapi-ratelimit-headers), in its drafts before the eighth `limit=10, remaining=0, reset=9`.
 */
export function combinedReset(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const text = header.slice(0, LONGEST_HEADER)
  const older = /\breset=(\d{1,9})\b/.exec(text)?.[1]
  if (older !== undefined) return Number(older) * 1000
  const policies = text.split(',').map((policy) => ({ left: parameter(policy, 'r'), reset: parameter(policy, 't') }))
  const spent = policies.filter(({ left }) => left === 0)
  const ends = (spent.length > 0 ? spent : policies).flatMap(({ reset }) => reset ?? [])
  return ends.length === 0 ? undefined : Math.max(...ends) * 1000
}

const LONGEST_HEADER = 2000

function parameter(policy: string, name: 'r' | 't'): number | undefined {
  const found = new RegExp(`;\\s*${name}=(\\d{1,9})(?:;|\\s|$)`).exec(policy)?.[1]
  return found === undefined ? undefined : Number(found)
}
