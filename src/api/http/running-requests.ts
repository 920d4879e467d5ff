/** The requests that run now, so that a stop of the server can let them end. */
import type { ServerResponse } from 'node:http'
import { GatewayError } from '../../chat/error.ts'
import { openSignal, type ClientSignal } from './client-disconnect.ts'

export interface Running {
  /** Counts a request until its response has ended or its client has gone. */
  enter(response: ServerResponse): void
  count(): number
  isStopping(): boolean
  /** Who only watches, for as long as it likes, holds up no end: `end` is called when another is to serve it. */
  watch(end: () => void): void
  /** Sends those who only watch to the server that takes this one's place. */
  leave(): void
  /** Resolves when none runs; refuses nothing. */
  idle(): Promise<void>
  /**
   * From now on new requests are to be refused, and those that wait for a key are. Resolves with the number of requests that were cut off because they ran
   * longer than `patience` milliseconds: each was told.
   */
  stop(patience: number): Promise<number>
}

/** Milliseconds after which a server that takes this one's place may be there. */
const COME_BACK = 1000

function stopped(): GatewayError {
  return new GatewayError('shutting_down', 'The server stopped: ask again.', { retryAfter: COME_BACK })
}

/** Milliseconds for the last words to those that are cut off. */
const LAST_WORDS = 1000

export function createRunning(): Running {
  /** In no order: the last takes the place of one that leaves. */
  const open: ClientSignal[] = []
  const watching: (() => void)[] = []
  let stopping: Promise<number> | undefined
  let onEmpty = (): void => {}

  function leave(signal: ClientSignal): void {
    const last = open.pop()
    if (last && last !== signal) {
      open[signal.place] = last
      last.place = signal.place
    }
    if (open.length === 0) onEmpty()
  }

  function whenEmpty(then: () => void): void {
    if (open.length === 0) return then()
    const earlier = onEmpty
    onEmpty = () => {
      onEmpty = () => {}
      earlier()
      then()
    }
  }

  /** True when all have ended within the time, in milliseconds. */
  function empty(within: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, within, false)
      whenEmpty(() => {
        clearTimeout(timer)
        resolve(true)
      })
    })
  }

  async function drain(patience: number): Promise<number> {
    // their turn may come too late, or never: another server, or the next one here, is free for them now
    for (const signal of open.filter(({ isQueued }) => isQueued)) signal.cancel(stopped())
    if (await empty(patience)) return 0
    const late = [...open]
    for (const signal of late) signal.cancel(stopped())
    if (!(await empty(LAST_WORDS))) for (const { response } of open.slice()) response.destroy()
    return late.length
  }

  return {
    enter(response) {
      const signal = openSignal(response)
      signal.place = open.push(signal) - 1
      signal.closed = leave
    },
    count: () => open.length,
    isStopping: () => stopping !== undefined,
    watch: (end) => void watching.push(end),
    leave() {
      for (const end of watching) end()
    },
    idle: () => new Promise((resolve) => whenEmpty(resolve)),
    stop: (patience) => (stopping ??= drain(patience)),
  }
}
