/** The picture of the pool, as the server tells it each second while the page is looked at. */
import type { Picture } from '../../api/console/page-answers.ts'
import { call, eventsOf, locked, Refusal } from './api.ts'
import { createValue } from './state.ts'

export const picture = createValue<Picture | undefined>(undefined)
/** In flight and waiting, one a second. */
export const past = createValue<{ at: number; inFlight: number; queued: number }[]>([])
/** When the last one came, by this machine's clock. */
export const heard = createValue(0)
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
  heard.set(Date.now())
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
