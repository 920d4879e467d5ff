/** How late the event loop is: a timer that tells by how much it was missed. Late timers are late answers. */
import { observe } from './histogram.ts'

/** Seconds. */
export const DELAY_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

/** Milliseconds between two looks: ten wake-ups a second cost less than a thousandth of a core. */
const EVERY = 100

/** Counts into `histogram` until the function that comes back is called. Keeps no process alive. */
export function watchEventLoop(histogram: number[], now: () => number = () => performance.now()): () => void {
  let due = now() + EVERY
  const timer = setInterval(() => {
    const time = now()
    observe(histogram, DELAY_BOUNDS, Math.max(0, time - due) / 1000)
    due = time + EVERY
  }, EVERY).unref()
  return () => clearInterval(timer)
}
