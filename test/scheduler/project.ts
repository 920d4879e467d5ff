/** What simulations from outside take from the scheduler, under one address that outlives moves of its files. */
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
