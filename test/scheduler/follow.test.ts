import { expect, it } from 'vitest'
import { followScheduler } from '../../src/scheduler/follow-scheduler.ts'
import { createScheduler } from '../../src/scheduler/scheduler.ts'
import { virtualClock } from './virtual-clock.ts'

it('a scheduler that is followed can all that it can by itself', () => {
  const inner = createScheduler({ providers: [], pools: [], options: {} }, virtualClock())
  expect(Object.keys(followScheduler(() => inner)).toSorted()).toEqual(Object.keys(inner).toSorted())
})
