import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { addAlarm, removeAlarm, sooner, type Alarm } from '../../src/runtime/alarms.ts'

const set: Alarm[] = []
/** Milliseconds that no alarm of a test is late by, on whatever machine. */
const PATIENCE = 5000

function alarm(wait: number, ring: (alarm: Alarm) => void = () => {}): Alarm {
  const made: Alarm = { due: performance.now() + wait, ring: () => ring(made) }
  set.push(made)
  addAlarm(made)
  return made
}

/** Resolves once an alarm that was set last has rung. */
function rung(wait: number): Promise<void> {
  return new Promise((resolve) => void alarm(wait, () => resolve()))
}

// the timer alone keeps no process alive, and here is no socket that does
let alive: NodeJS.Timeout
beforeAll(() => {
  alive = setInterval(() => {}, PATIENCE)
})
afterAll(() => clearInterval(alive))

afterEach(() => {
  for (const each of set.splice(0)) removeAlarm(each)
})

describe('alarms', () => {
  it('ring once, in time, and again when they are set anew', async () => {
    const times: number[] = []
    const start = performance.now()
    alarm(5, (each) => {
      times.push(performance.now() - start)
      expect(each.due).toBe(Infinity)
      if (times.length < 3) each.due = performance.now() + 5
    })
    await rung(60)
    expect(times).toHaveLength(3)
    expect(times[0]).toBeGreaterThanOrEqual(4)
  })

  it('ring when they are moved forward, and not before they are due when they are moved back', async () => {
    const heard: string[] = []
    const early = alarm(PATIENCE, () => heard.push('early'))
    const late = alarm(5, () => heard.push('late'))
    early.due = performance.now() + 5
    sooner(early)
    late.due = performance.now() + PATIENCE
    await rung(30)
    expect(heard).toEqual(['early'])
  })

  it('do not ring once they are removed, not even by another that rings in the same moment', async () => {
    const heard: string[] = []
    const due = performance.now() + 5
    const names = ['first', 'second', 'third', 'fourth']
    const all = names.map((name, nth): Alarm => ({
      due,
      ring() {
        heard.push(name)
        const [, second, third] = all
        if (nth === 0 && second && third) {
          removeAlarm(second)
          third.due = Infinity
        }
      },
    }))
    set.push(...all)
    for (const each of all) addAlarm(each)
    await rung(30)
    expect(heard).toEqual(['first', 'fourth'])
  })

  it('may be added and removed twice', async () => {
    const heard: string[] = []
    const twice = alarm(5, () => heard.push('twice'))
    const gone = alarm(5, () => heard.push('gone'))
    addAlarm(twice)
    removeAlarm(gone)
    removeAlarm(gone)
    await rung(30)
    expect(heard).toEqual(['twice'])
    addAlarm(gone)
    gone.due = performance.now() + 1
    sooner(gone)
    await rung(30)
    expect(heard).toEqual(['twice', 'gone'])
  })

  it('may be added while others ring', async () => {
    const heard: string[] = []
    alarm(5, () => void alarm(5, () => heard.push('added')))
    await rung(60)
    expect(heard).toEqual(['added'])
  })
})
