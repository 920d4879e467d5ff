import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { addDeadline, removeDeadline, bringForward, type Deadline } from '../../src/runtime/deadline-timer.ts'

const set: Deadline[] = []
/** Milliseconds that no deadline of a test is late by, on whatever machine. */
const PATIENCE = 5000

function deadline(wait: number, onExpire: (deadline: Deadline) => void = () => {}): Deadline {
  const made: Deadline = { due: performance.now() + wait, expire: () => onExpire(made) }
  set.push(made)
  addDeadline(made)
  return made
}

/** Resolves once a deadline that was set last has expired. */
function expired(wait: number): Promise<void> {
  return new Promise((resolve) => void deadline(wait, () => resolve()))
}

// the timer alone keeps no process alive, and here is no socket that does
let alive: NodeJS.Timeout
beforeAll(() => {
  alive = setInterval(() => {}, PATIENCE)
})
afterAll(() => clearInterval(alive))

afterEach(() => {
  for (const each of set.splice(0)) removeDeadline(each)
})

describe('deadlines', () => {
  it('ring once, in time, and again when they are set anew', async () => {
    const times: number[] = []
    const start = performance.now()
    deadline(5, (each) => {
      times.push(performance.now() - start)
      expect(each.due).toBe(Infinity)
      if (times.length < 3) each.due = performance.now() + 5
    })
    await expired(60)
    expect(times).toHaveLength(3)
    expect(times[0]).toBeGreaterThanOrEqual(4)
  })

  it('ring when they are moved forward, and not before they are due when they are moved back', async () => {
    const heard: string[] = []
    const early = deadline(PATIENCE, () => heard.push('early'))
    const late = deadline(5, () => heard.push('late'))
    early.due = performance.now() + 5
    bringForward(early)
    late.due = performance.now() + PATIENCE
    await expired(30)
    expect(heard).toEqual(['early'])
  })

  it('do not ring once they are removed, not even by another that rings in the same moment', async () => {
    const heard: string[] = []
    const due = performance.now() + 5
    const names = ['first', 'second', 'third', 'fourth']
    const all = names.map((name, nth): Deadline => ({
      due,
      expire() {
        heard.push(name)
        const [, second, third] = all
        if (nth === 0 && second && third) {
          removeDeadline(second)
          third.due = Infinity
        }
      },
    }))
    set.push(...all)
    for (const each of all) addDeadline(each)
    await expired(30)
    expect(heard).toEqual(['first', 'fourth'])
  })

  it('may be added and removed twice', async () => {
    const heard: string[] = []
    const twice = deadline(5, () => heard.push('twice'))
    const gone = deadline(5, () => heard.push('gone'))
    addDeadline(twice)
    removeDeadline(gone)
    removeDeadline(gone)
    await expired(30)
    expect(heard).toEqual(['twice'])
    addDeadline(gone)
    gone.due = performance.now() + 1
    bringForward(gone)
    await expired(30)
    expect(heard).toEqual(['twice', 'gone'])
  })

  it('may be added while others ring', async () => {
    const heard: string[] = []
    deadline(5, () => void deadline(5, () => heard.push('added')))
    await expired(60)
    expect(heard).toEqual(['added'])
  })
})
