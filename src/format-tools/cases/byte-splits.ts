/** Cuts a stream in two at every byte, as networks do: the events must be the same wherever the cut falls. */
import type { FramedEvent, Format } from '../../upstream/types.ts'

/** Bytes that are read for one stream. Up to 4 KiB each byte is a cut; of longer ones, that were cut into single bytes too, some. */
const MOST_READ = 16 * 1024 * 1024

/** The first cut that changes an event, as a line; none when no cut does. What events mean does not depend on cuts. */
export function splitFault(format: Format, bytes: Uint8Array): string[] {
  const whole = events(format, [bytes])
  const step = Math.max(1, Math.round(bytes.length ** 2 / MOST_READ))
  for (let at = 1; at < bytes.length; at += step) {
    if (!same(whole, safely(format, [bytes.subarray(0, at), bytes.subarray(at)])))
      return [`cut at byte ${at} of ${bytes.length}, the events are others`]
  }
  return []
}

function safely(format: Format, reads: Uint8Array[]): FramedEvent[] {
  try {
    return events(format, reads)
  } catch (error) {
    return [{ text: error instanceof Error ? error.message : String(error) }]
  }
}

function events(format: Format, reads: Uint8Array[]): FramedEvent[] {
  const framer = format.framing()
  return [...reads.flatMap((read) => framer.push(read)), ...framer.end()]
}

function same(some: FramedEvent[], others: FramedEvent[]): boolean {
  return some.length === others.length && some.every((event, i) => isSame(event, others[i]))
}

function isSame(one: FramedEvent, other: FramedEvent | undefined): boolean {
  if (one.name !== other?.name || one.text !== other?.text) return false
  return one.value === other?.value || JSON.stringify(one.value) === JSON.stringify(other?.value)
}
