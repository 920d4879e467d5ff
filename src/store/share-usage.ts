/**
 * Keeps what clients have used of their limits where replicas share it: once a second what is new here goes there, and
 * what others have used comes back. Who is served never waits for it.
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../scheduler/clock.ts'
import type { ClientUsage, Used } from '../scheduler/persistence/client-usage.ts'
import type { LiveScheduler } from '../scheduler/scheduler.ts'

/** Where all add up what clients have used. */
export interface UsageTable {
  /**
   * Adds a batch, once however often it is tried, and tells what has changed since the last call; all of it where
   * that is not known. Rejects where it does not answer.
   */
  exchange(batch: UsageBatch | undefined): Promise<{ rows: Used[]; isAll: boolean }>
}

export interface UsageBatch {
  /** A UUID. */
  id: string
  rows: Used[]
}

export interface ShareUsageOptions {
  scheduler: () => Pick<LiveScheduler, 'clientLimits' | 'rouse'>
  usage: ClientUsage
  clock: Clock
  /** Hears the first fault in a row. */
  failed: (cause: unknown) => void
  /** Milliseconds between two exchanges: what a killed process loses at most. */
  every?: number
}

export interface SharedUsage {
  /** Another scheduler is about to take over. */
  note(): void
  /** Resolves after a last exchange, or when that has taken too long. */
  close(): Promise<void>
}

const EVERY = 1000
/** Milliseconds that the last exchange has. */
const LAST = 3000

/** Resolves when what all have used before is counted here, or cannot be had for now. */
export async function shareUsage(table: UsageTable, options: ShareUsageOptions): Promise<SharedUsage> {
  const { scheduler, usage, clock, failed, every = EVERY } = options
  let owed: UsageBatch | undefined
  let isIll = false
  let isOver = false
  let stop: (() => void) | undefined
  /** One after another. */
  let turn: Promise<void> = Promise.resolve()

  async function exchange(isFirst = false): Promise<void> {
    try {
      // before anything is counted here: what was used before belongs to all
      const rows = owed || isFirst ? [] : changes()
      if (rows.length > 0) owed = { id: randomUUID(), rows }
      const heard = await table.exchange(owed)
      owed = undefined
      // another scheduler may have taken over meanwhile: its windows are those that count
      if (!isFirst) note()
      const isOther = usage.hear(heard.rows, heard.isAll, { now: clock.now(), wall: clock.wall() })
      if (isOther) scheduler().rouse()
      isIll = false
    } catch (cause) {
      if (!isIll) failed(cause)
      isIll = true
    }
  }

  function note(): void {
    usage.note(scheduler().clientLimits(), { now: clock.now(), wall: clock.wall() })
  }

  function changes(): Used[] {
    return usage.changes(scheduler().clientLimits(), { now: clock.now(), wall: clock.wall() })
  }

  function later(): void {
    if (isOver) return
    stop = clock.setTimer(
      clock.now() + every,
      () => {
        turn = exchange().finally(later)
      },
      false,
    )
  }

  await exchange(true)
  // what a data folder has brought back goes there, and what others have used is charged
  owed ??= batchOf(changes())
  later()
  let closed: Promise<void> | undefined
  async function close(): Promise<void> {
    isOver = true
    stop?.()
    const last = (async () => {
      await turn
      if (owed) await exchange()
      if (!owed) await exchange()
    })()
    const { promise, resolve } = Promise.withResolvers<void>()
    const bound = setTimeout(resolve, LAST)
    await Promise.race([last, promise])
    clearTimeout(bound)
  }
  return {
    note,
    close: () => (closed ??= close()),
  }
}

function batchOf(rows: Used[]): UsageBatch | undefined {
  return rows.length > 0 ? { id: randomUUID(), rows } : undefined
}
