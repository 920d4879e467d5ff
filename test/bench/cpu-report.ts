/** Loaded before a measured program: tells its parent, when asked, what it has cost so far, and where its time goes. */
import type { Profiler, Session } from 'node:inspector/promises'

let session: Session | undefined

process.on('message', (message) => {
  if (message === 'cost') {
    const { user, system } = process.cpuUsage()
    process.send?.({ cost: { cpu: user + system, rss: process.memoryUsage.rss() } })
  } else if (message === 'profile') void begin().then(() => process.send?.({ begun: true }))
  else if (message === 'profiled') void end().then((profile) => process.send?.({ profile }))
})
process.channel?.unref()

async function begin(): Promise<void> {
  const { Session } = await import('node:inspector/promises')
  session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: 200 })
  await session.post('Profiler.start')
}

async function end(): Promise<Profiler.Profile | undefined> {
  return (await session?.post('Profiler.stop'))?.profile
}
