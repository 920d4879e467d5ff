/** Loaded before a measured program: tells its parent, when asked, what it has cost so far, what it holds, and where its time goes. */
import type { Profiler, Session } from 'node:inspector/promises'

let session: Session | undefined

process.on('message', (message) => {
  if (message === 'cost') {
    const { user, system } = process.cpuUsage()
    process.send?.({ cost: { cpu: user + system, rss: process.memoryUsage.rss() } })
  } else if (message === 'memory') void collected().then((memory) => process.send?.({ memory }))
  else if (message === 'profile') void begin().then(() => process.send?.({ begun: true }))
  else if (message === 'profiled') void end().then((profile) => process.send?.({ profile }))
  else if (message === 'sample') void beginSampling().then(() => process.send?.({ begun: true }))
  else if (message === 'sampled') void endSampling().then((head) => process.send?.({ head }))
})
process.channel?.unref()

async function connect(): Promise<Session> {
  const { Session } = await import('node:inspector/promises')
  session = new Session()
  session.connect()
  return session
}

/** What is left after a full collection; bytes. */
async function collected(): Promise<NodeJS.MemoryUsage> {
  const session = await connect()
  // twice: what finalizers let go of in the first is free in the second
  for (let i = 0; i < 2; i++) await session.post('HeapProfiler.collectGarbage')
  session.disconnect()
  return process.memoryUsage()
}

async function begin(): Promise<void> {
  const session = await connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: 200 })
  await session.post('Profiler.start')
}

async function end(): Promise<Profiler.Profile | undefined> {
  return (await session?.post('Profiler.stop'))?.profile
}

async function beginSampling(): Promise<void> {
  const session = await connect()
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: 16_384,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  })
}

async function endSampling(): Promise<unknown> {
  return (await session?.post('HeapProfiler.stopSampling'))?.profile.head
}
