/**
 * How much V8 lets pile up of what is young. By itself it goes up to three times 16 MB, which a busy server fills, and keeps: 1,000 open
 * streams are 30 to 50 MB more than with a fourth of it. A request costs the same with 4 MB and 8 MB, and a tenth more with 2 MB (npm run
 * bench, Node 26.10). Long bodies that nobody sent before are too much for it: they are taken for old, and the whole heap is collected
 * again and again (1 MB each: five times a second, and two fifths more CPU). While it is, as much is let pile up as V8 likes.
 */
import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Bytes of both halves. */
const ENOUGH = 8 * 1024 * 1024
/** So many collections of the whole heap within so many milliseconds are too many. */
const MANY = 4
const SHORT = 2000
/** Milliseconds without one after which it is over. */
const CALM = 10_000

/** Versions that are known to heed the flag while they run. */
const [FIRST, LAST] = [24, 26]

export interface YoungGeneration {
  /** Bytes of both halves. */
  size(): number
  letGrow(may: boolean): void
}

export interface YoungLimit {
  /** A collection ended. @param isMajor of the whole heap, which makes it small where nothing happens, so that it may grow again @param now milliseconds */
  collected(isMajor: boolean, now: number): void
}

export function createYoungLimit({ size, letGrow }: YoungGeneration): YoungLimit {
  let mayGrow = true
  /** When the last whole ones were, the latest last. */
  const majors: number[] = []
  let isMuchUntil = -Infinity
  const look = (now: number): void => {
    const may = now < isMuchUntil || size() < ENOUGH
    if (mayGrow === may) return
    mayGrow = may
    letGrow(may)
  }
  return {
    collected(isMajor, now) {
      if (isMajor) {
        majors.push(now)
        if (majors.length > MANY) majors.shift()
        const isMuch = majors.length === MANY && now - (majors[0] ?? now) <= SHORT
        if (isMuch || now < isMuchUntil) isMuchUntil = now + CALM
      }
      if (isMajor || mayGrow) look(now)
    },
  }
}

type Collection = PerformanceEntry & { detail: { kind: number } }

const { NODE_PERFORMANCE_GC_MAJOR: MAJOR } = constants

/** Once the start, which makes much that stays, is over. */
export function limitYoungGeneration(): void {
  const major = Number(process.versions.node.split('.')[0])
  if (major < FIRST || major > LAST) return
  const limit = createYoungLimit({
    size: () => getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0,
    letGrow: (may) => setFlagsFromString(`--semi-space-growth-factor=${may ? 2 : 1}`),
  })
  limit.collected(false, performance.now())
  new PerformanceObserver((list) => {
    for (const { startTime, detail } of list.getEntries() as Collection[])
      limit.collected(detail.kind === MAJOR, startTime)
  }).observe({ entryTypes: ['gc'] })
}
