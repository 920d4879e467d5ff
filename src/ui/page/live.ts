/** The picture of the pool, as the server tells it each second while the page is looked at. */
import { call, eventsOf, locked, Refusal } from './api.ts'
import { createValue } from './state.ts'

export interface KeyState {
  key: string
  provider: string
  state: string
  inFlight: number
  until?: number
  reason?: string
}

export interface LimitState {
  scope: string
  kind: string
  model?: string
  /** `requests/60s`. */
  limit: string
  level: number
  amount: number
  /** Milliseconds; null until something else ends. */
  nextFree: number | null
  /** Until all of it is free, if nobody else came; the same. */
  fullIn: number | null
  learnt?: string
}

/** What was refused or failed, and is not asked until then. */
export interface Rest {
  scope: string
  kind: string
  model?: string
  /** Milliseconds since the epoch. */
  until?: number
  reason: string
}

export interface WaitingState {
  model: string
  place: number
  client: string
  id?: string
  waited: number
  patience: number
  eta: number | null
  guessed?: boolean
  key?: string
  reason?: string
  held: boolean
}

export interface Picture {
  /** Milliseconds since the epoch, by the server's clock. */
  at: number
  inFlight: number
  queued: number
  keyCount: number
  keys: KeyState[]
  scopes: LimitState[]
  rests: Rest[]
  pools: { model: string; queued: number; candidates: number }[]
  waiting: WaitingState[]
  replicas?: { state: string; replicas: string[] }
}

export const picture = createValue<Picture | undefined>(undefined)
/** In flight and waiting, one a second. */
export const past = createValue<{ at: number; inFlight: number; queued: number }[]>([])
export const connection = createValue<'on' | 'lost' | 'off'>('off')

const KEPT = 300
const FIRST_PAUSE = 500
const LONGEST_PAUSE = 5000

let listening: AbortController | undefined

async function listen(signal: AbortSignal): Promise<void> {
  let pause = FIRST_PAUSE
  while (!signal.aborted) {
    try {
      for await (const data of eventsOf(await call('/v1/admin/live', { signal }))) {
        take(JSON.parse(data) as Picture)
        connection.set('on')
        pause = FIRST_PAUSE
      }
    } catch (error) {
      if (error instanceof Refusal && locked.get() !== '') return connection.set('off')
    }
    if (signal.aborted) return
    connection.set('lost')
    await new Promise((resolve) => setTimeout(resolve, pause))
    pause = Math.min(LONGEST_PAUSE, pause * 2)
  }
}

function take(next: Picture): void {
  picture.set(next)
  past.set([...past.get(), { at: next.at, inFlight: next.inFlight, queued: next.queued }].slice(-KEPT))
}

/** A page that nobody looks at asks for nothing. */
export function follow(): void {
  listening?.abort()
  listening = undefined
  if (document.hidden || locked.get() !== '') return
  listening = new AbortController()
  void listen(listening.signal)
}

document.addEventListener('visibilitychange', follow)
locked.listen(follow)
