/** What a process does once it serves, and a start need not wait for. */
import { flushCompileCache } from 'node:module'
import { limitYoungGeneration } from './young-generation.ts'

/** Milliseconds: by then those who waited for the server have asked, and what they asked for is loaded. */
const SETTLED = 5000

export function afterStart(): void {
  limitYoungGeneration()
  // at its end Node does so by itself, but not of a process that is killed
  setTimeout(flushCompileCache, SETTLED).unref()
}
