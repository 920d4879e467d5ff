/** The ways in which providers write an amount, or a moment that is so many milliseconds away. */

type Format = (value: number, now: number) => string | number

export const FORMATS: Record<string, Format> = {
  integer: (value) => Math.floor(value),
  thousands: (value) => Math.round(value / 1000) * 1000,
  milliseconds: (value) => Math.ceil(value),
  seconds: (value) => value / 1000,
  seconds_up: (value) => Math.ceil(value / 1000),
  protobuf: (value) => `${value / 1000}s`,
  duration,
  rfc3339: (value, now) => new Date(Math.ceil((now + value) / 1000) * 1000).toISOString().replace('.000Z', 'Z'),
  epoch_seconds: (value, now) => Math.ceil((now + value) / 1000),
  epoch_milliseconds: (value, now) => Math.ceil(now + value),
}

/** Go's: `12ms`, `9.816s`, `6m0s`, `1h2m3s`. Rounded up to a millisecond, so that who waits so long is not early. */
function duration(value: number): string {
  const whole = Math.ceil(value)
  if (whole < 1000) return whole === 0 ? '0s' : `${whole}ms`
  const seconds = (whole % 60_000) / 1000
  const minutes = Math.floor(whole / 60_000)
  if (minutes === 0) return `${seconds}s`
  return minutes < 60 ? `${minutes}m${seconds}s` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}s`
}
