/** What upstreams refused and failed, as the scheduler heard of it: by provider and kind, both of bounded number. */
import type { ErrorKind } from '../chat/error.ts'

export interface FaultCounts {
  /** By kind of fault. */
  kinds: Map<ErrorKind, number>
  /** Refusals for a limit: where the books said that there was room, and where a key was only tried. */
  unexpected: number
  expected: number
}

export interface UpstreamFaults {
  /** @param expected a key on trial, or one of whose limits nothing is known */
  note(provider: string, kind: ErrorKind, expected: boolean): void
  counts(): ReadonlyMap<string, FaultCounts>
}

/** What ended a try and is nobody's fault. */
const NO_FAULT: ReadonlySet<ErrorKind> = new Set<ErrorKind>(['cancelled', 'shutting_down'])

export function createUpstreamFaults(): UpstreamFaults {
  const counts = new Map<string, FaultCounts>()
  return {
    note(provider, kind, expected) {
      if (NO_FAULT.has(kind)) return
      let found = counts.get(provider)
      if (!found) counts.set(provider, (found = { kinds: new Map(), unexpected: 0, expected: 0 }))
      found.kinds.set(kind, (found.kinds.get(kind) ?? 0) + 1)
      if (kind === 'rate_limit') found[expected ? 'expected' : 'unexpected']++
    },
    counts: () => counts,
  }
}
