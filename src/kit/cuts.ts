/** Cuts a stream in two at every byte, as networks do: the events must be the same wherever the cut falls. */
import type { FramedEvent, Format } from '../upstream/contract.ts'

/** The first cut that changes an event, as a line; none when no cut does. What events mean does not depend on cuts. */
export function cutFault(format: Format, bytes: Uint8Array): string[] {
  const whole = JSON.stringify(events(format, [bytes]))
  for (let at = 1; at < bytes.length; at++) {
    let told: string
    try {
      told = JSON.stringify(events(format, [bytes.subarray(0, at), bytes.subarray(at)]))
    } catch (error) {
      told = error instanceof Error ? error.message : String(error)
    }
    if (told !== whole) return [`cut at byte ${at} of ${bytes.length}, the events are others`]
  }
  return []
}

function events(format: Format, reads: Uint8Array[]): FramedEvent[] {
  const framer = format.framing()
  return [...reads.flatMap((read) => framer.push(read)), ...framer.end()]
}
