/** What a client's schema may make the sandbox do: it runs in the gateway's own process, and clients are not trusted. */
import { createContext, Script } from 'node:vm'

/** Whatever a schema asks for, no text, list or object gets longer. */
export const MOST_CHARACTERS = 4096
export const MOST_ITEMS = 256
/** Of one instance, nested ones included. */
export const MOST_VALUES = 10_000
/** Of one answer. */
export const MOST_WORDS = 10_000
/** Characters of a pattern that is read at all. */
export const MOST_PATTERN = 1000

/** Milliseconds that a client's pattern may take over one text. */
const PATIENCE = 20
const TEST = new Script('expression.test(text)')

const room = createContext({ expression: /x/, text: '' })

/** A machine that runs other programs meanwhile must not change the answer. */
const MOST_TRIES = 5

/** Undefined where it cannot be told in time: there are patterns that take longer than the universe is old. */
export function matches(expression: RegExp, text: string): boolean | undefined {
  for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
    const before = process.threadCpuUsage()
    try {
      return TEST.runInContext(Object.assign(room, { expression, text }), { timeout: PATIENCE }) === true
    } catch {
      const { user, system } = process.threadCpuUsage(before)
      if ((user + system) / 1000 > PATIENCE / 2) return undefined
    }
  }
  return undefined
}

/** A count that a schema asks for; nothing that is no number counts. */
export function countOf(value: unknown, most: number): number {
  return typeof value === 'number' && value > 0 ? Math.min(Math.ceil(value), most) : 0
}
