import { expect, it } from 'vitest'
import { virtualClock } from '../../../src/scheduler/simulator/virtual-clock.ts'

it('fires in order of time, then of arrival, and nothing that was cancelled', async () => {
  const clock = virtualClock(1000)
  const log: string[] = []
  clock.at(5, () => log.push(`b ${clock.now()} ${clock.wall()}`))
  clock.at(5, () => log.push('c'))
  const cancel = clock.setTimer(4, () => log.push('never'))
  clock.at(1, () => {
    log.push('a')
    cancel()
    clock.at(0, () => log.push(`late ${clock.now()}`))
  })
  clock.at(9, () => log.push('beyond'))
  await clock.run(8)
  expect(log).toEqual(['a', 'late 1', 'b 5 1005', 'c'])
  expect(clock.now()).toBe(8)
})

it('lets all that waits for a promise run before time moves on, however long the chain', async () => {
  const clock = virtualClock()
  const log: string[] = []
  const chain = async (depth: number): Promise<number> => (depth === 0 ? clock.now() : await chain(depth - 1))
  clock.setTimer(1, () => void chain(50).then(() => log.push(`chain ended at ${clock.now()}`)))
  clock.at(2, () => log.push('two'))
  await clock.run(3)
  expect(log).toEqual(['chain ended at 1', 'two'])
})

it('keeps order under thousands of random timers', async () => {
  const clock = virtualClock()
  let last = 0
  let fired = 0
  for (let index = 0; index < 5000; index++) {
    clock.at((index * 7919) % 1000, () => {
      expect(clock.now()).toBeGreaterThanOrEqual(last)
      last = clock.now()
      fired += 1
    })
  }
  await clock.run(1000)
  expect(fired).toBe(5000)
})
