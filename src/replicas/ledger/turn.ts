/**
 * Calls of one turn of the event loop go to the server as one: each limit that they touch is described, read and kept once there,
 * however many of them touch it.
 */
import type { SharedLimit } from './ledger-calls.ts'

export type Word = string | number

export interface Answer {
  /** The server's clock. */
  at: number
  born: string
  /** What this call gave. */
  text: string
}

export interface Turn {
  /**
   * @param limits that the call touches
   * @param write the call's words, by the numbers that these limits have in this turn
   */
  call(name: string, limits: readonly SharedLimit[], write: (numbers: readonly number[]) => Word[]): Promise<Answer>
}

/** Limits and calls that go together at most: the server does nothing else meanwhile. */
const MOST_LIMITS = 500
const MOST_CALLS = 100

interface Described extends SharedLimit {
  text: string
}

interface Asked {
  resolve: (answer: Answer) => void
  reject: (error: unknown) => void
}

/** @param send the server's function, which gives its clock, its name, and a text for each call */
export function createTurn(send: (keys: readonly string[], words: readonly Word[]) => Promise<string[]>): Turn {
  /** What was said of a limit last: it seldom changes, and is long. */
  const described = new Map<string, Described>()
  let keys: string[] = []
  let kinds: string[] = []
  let words: Word[] = []
  let asked: Asked[] = []
  let numbers = new Map<string, number>()

  function kindOf(limit: SharedLimit): string {
    const last = described.get(limit.key)
    if (last && isSame(last, limit)) return last.text
    const text = textOf(limit)
    described.set(limit.key, { ...limit, text })
    return text
  }

  function numberOf({ key }: SharedLimit, kind: string): number {
    const known = numbers.get(key)
    if (known !== undefined) return known
    kinds.push(kind)
    const number = keys.push(key)
    numbers.set(key, number)
    return number
  }

  function flush(): void {
    if (asked.length === 0) return
    const those = asked
    const sent = send(keys, kinds.concat(words as string[]))
    keys = []
    kinds = []
    words = []
    asked = []
    numbers = new Map()
    sent.then(
      ([now, born = '', ...texts]) => {
        const at = Number(now)
        those.forEach(({ resolve }, index) => resolve({ at, born, text: texts[index] ?? '' }))
      },
      (error: unknown) => {
        for (const { reject } of those) reject(error)
      },
    )
  }

  return {
    call(name, limits, write) {
      const own = limits.map(kindOf)
      // Another amount, or another frame, of the same limit: what was asked of it before goes first.
      const isOther = limits.some(({ key }, index) => {
        const number = numbers.get(key)
        return number !== undefined && kinds[number - 1] !== own[index]
      })
      if (isOther || asked.length >= MOST_CALLS || keys.length + limits.length > MOST_LIMITS) flush()
      if (asked.length === 0) setImmediate(flush)
      const more = write(limits.map((limit, index) => numberOf(limit, own[index] ?? '')))
      words.push(name, more.length)
      for (const word of more) words.push(word)
      return new Promise((resolve, reject) => void asked.push({ resolve, reject }))
    },
  }
}

function isSame(a: SharedLimit, b: SharedLimit): boolean {
  return (
    a.amount === b.amount &&
    a.capacity === b.capacity &&
    a.frame[0] === b.frame[0] &&
    a.frame[2] === b.frame[2] &&
    a.shape === b.shape &&
    a.period === b.period &&
    a.guard === b.guard &&
    a.isMoney === b.isMoney
  )
}

function textOf({ shape, amount, period, guard, capacity, frame, isMoney }: SharedLimit): string {
  return [shape, amount, period, guard, capacity, ...frame, isMoney ? '0' : '1'].join(' ')
}
