/** What worlds outside this repository take from it to run the scheduler on a virtual clock: names that stay. */
export { createScheduler } from '../../src/scheduler/scheduler.ts'
export { virtualClock } from '../../src/scheduler/simulator/virtual-clock.ts'
export { exponential, logNormal, seededChance, uniform } from '../../src/scheduler/simulator/chance.ts'
export {
  bucket,
  calendarWindow,
  concurrency,
  fixedWindow,
  slidingWindow,
} from '../../src/scheduler/simulator/enforcement.ts'
export { calendarFrame } from '../../src/scheduler/limits/calendar.ts'
export { GatewayError, KINDS } from '../../src/chat/error.ts'
