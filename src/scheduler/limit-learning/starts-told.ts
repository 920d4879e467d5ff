/** Whether a provider's refusals tell when its windows begin. */
import type { Limit } from '../limits/limit.ts'

export interface StartsTold {
  /** Undefined until two refusals of one limit have been compared. */
  believed: boolean | undefined
  /** Of which limit the first of them was, and when a window begins by it (monotonic ms). */
  first: { limit: Limit; boundary: number } | undefined
}

export function createStartsTold(): StartsTold {
  return { believed: undefined, first: undefined }
}
