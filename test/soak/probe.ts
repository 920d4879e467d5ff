/** Loaded into the gateway's process: tells its memory and how late its event loop ran since it was asked before. */
import { monitorEventLoopDelay } from 'node:perf_hooks'

export interface Probe {
  /** Bytes: resident, and of the heap after a collection. */
  rss: number
  heap: number
  /** Milliseconds. */
  p50: number
  p99: number
  max: number
  /** CPU seconds since the start. */
  cpu: number
}

const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()

process.on('message', (message) => {
  if (message !== 'probe') return
  const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - 10)
  const [p50, p99, max] = [late(delay.percentile(50)), late(delay.percentile(99)), late(delay.max)]
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  const probe: Probe = { rss, heap: heapUsed, p50, p99, max, cpu: (user + system) / 1e6 }
  process.send?.(probe)
  delay.reset()
})
// nothing that keeps the process up when it has ended
process.channel?.unref()
