/** Durations, sizes and amounts as people write them. The schema has checked their shape. */

const MILLISECONDS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const BYTES: Record<string, number> = { B: 1, kB: 1000, KiB: 1024, MB: 1_000_000, MiB: 1_048_576 }
const FACTOR: Record<string, number> = { k: 1000, M: 1_000_000 }

/** `30s`, `1m30s`, `250` → milliseconds. */
export function milliseconds(written: number | string): number {
  if (typeof written === 'number') return written
  if (/^\d+$/.test(written)) return Number(written)
  let sum = 0
  for (const [, count, unit] of written.matchAll(/([\d.]+)([a-z]+)/g))
    sum += Number(count) * (MILLISECONDS[unit ?? ''] ?? 0)
  return Math.round(sum)
}

/** `32MiB` → bytes. */
export function bytes(written: number | string): number {
  if (typeof written === 'number') return written
  const [, count, unit] = /^(\d+)([A-Za-z]*)$/.exec(written) ?? []
  return Number(count) * (BYTES[unit === '' ? 'B' : (unit ?? '')] ?? 1)
}

/** `250k` → 250000. */
export function amount(written: number | string): number {
  if (typeof written === 'number') return written
  const factor = FACTOR[written.at(-1) ?? '']
  return factor === undefined ? Number(written) : Math.round(Number(written.slice(0, -1)) * factor)
}
