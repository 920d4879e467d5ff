/**
 * An open loop: requests fall due by the clock, whoever answers them. At one rate for all, a turn of the event loop serves about as
 * many sockets with each; at its own saturation, the fastest has the most a turn and so looks cheaper a request than it is.
 */
import { exchange, open, requestsOf } from './load.ts'
import type { Target } from './load.ts'

export interface PacedResult {
  answered: number
  /** Due while every socket was waiting for its answer, and so never sent. */
  missed: number
  failed: number
  /** Milliseconds. */
  elapsed: number
}

const SOCKETS = 64

/** Whose share of missed requests is above this was not given the rate that it should have had. */
const TOLERATED = 0.01

export const kept = ({ answered, missed, failed }: PacedResult): boolean =>
  failed === 0 && missed <= TOLERATED * (answered + missed)

/** @param rate requests a second; @param duration milliseconds. Each free socket takes the next that is due, the longest idle first. */
export async function pacedLoad(target: Target, rate: number, duration: number): Promise<PacedResult> {
  const request = requestsOf(target)
  const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => open(target.port)))
  const idle = [...sockets]
  const result = { answered: 0, missed: 0, failed: 0, elapsed: 0 }
  let sent = 0
  const begun = performance.now()
  while (result.elapsed < duration && result.failed === 0) {
    // Not a timer: these count in milliseconds, and would send all that fell due within one as a burst.
    await turn()
    result.elapsed = performance.now() - begun
    const due = Math.floor((Math.min(result.elapsed, duration) * rate) / 1000)
    while (sent + result.missed < due) {
      const socket = idle.shift()
      if (!socket) {
        result.missed++
        continue
      }
      sent++
      void exchange(socket, request()).then((ok) => {
        result[ok ? 'answered' : 'failed']++
        idle.push(socket)
      })
    }
  }
  while (result.answered + result.failed < sent) await turn()
  for (const socket of sockets) socket.destroy()
  return result
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
