/** What replicas tell each other of keys and limits: rests, retirements, switches, learnt limits, as soon as one knows. */
import type { Clock } from '../../scheduler/clock.ts'
import type { LeaseRecord } from '../../scheduler/lease/lease.ts'
import type { Knowledge } from '../../scheduler/persistence/knowledge.ts'
import type { LiveScheduler } from '../../scheduler/scheduler.ts'
import type { KeyChange } from '../../scheduler/types.ts'
import { createSharedExperience, type ExperienceMessage } from './shared-experience.ts'

type Message =
  | ExperienceMessage
  | ['learnt', replica: string, knowledge: Knowledge]
  | ['adjusted', replica: string, key: string, change: KeyChange]

export interface News {
  /** A lease has ended: tells the others what that has taught, where it has taught anything. */
  ended(lease: LeaseRecord): void
  /** A key was changed here. */
  adjusted(key: string, change: KeyChange): void
  /** What another replica says. */
  hear(text: string): void
}

/** Milliseconds that news waits for more. */
const TOGETHER = 20

/** @param say to all other replicas; nowhere while there is no way to them */
export function createNews(
  inner: () => LiveScheduler,
  replica: string,
  clock: Clock,
  say: (text: string) => void,
): News {
  /** What was last said or heard of each place. */
  const told = new Map<string, string>()
  const prints = new WeakMap<object, number>()
  let learnt: Knowledge = {}
  let isDue = false

  function look(lease: LeaseRecord): void {
    const print = printOf(lease)
    if (prints.get(lease.keyState) === print) return
    prints.set(lease.keyState, print)
    for (const [address, entry] of Object.entries(inner().knowledgeOf(lease))) {
      const words = wordsOf(entry)
      if (words === (told.get(address) ?? '{}')) continue
      told.set(address, words)
      learnt[address] = entry
      if (isDue) continue
      isDue = true
      clock.setTimer(clock.now() + TOGETHER, tell, false)
    }
  }

  function tell(): void {
    isDue = false
    const knowledge = learnt
    learnt = {}
    send(['learnt', replica, knowledge])
  }

  const send = (message: Message): void => say(JSON.stringify(message))
  const experience = createSharedExperience(inner, replica, clock, send)

  return {
    // The end itself is judged right after this.
    ended: (lease) =>
      queueMicrotask(() => {
        look(lease)
        experience.note(lease)
      }),
    adjusted: (key, change) => send(['adjusted', replica, key, change]),
    hear(text) {
      const message = JSON.parse(text) as Message
      if (message[1] === replica) return
      if (message[0] === 'experience') return experience.hear(message[2])
      if (message[0] === 'adjusted') return void inner().adjustKey(message[2], message[3])
      // Another version may say more.
      if (message[0] !== 'learnt') return
      for (const [address, entry] of Object.entries(message[2])) told.set(address, wordsOf(entry))
      inner().heed(message[2])
    },
  }
}

/** Without the time at which it was said. */
function wordsOf(entry: Knowledge[string]): string {
  return JSON.stringify({ ...entry, wall: undefined })
}

/** Changes with whatever is told to other replicas: most ends teach nothing, and must cost nothing. */
function printOf({ keyState, keyGroup, slot, holds }: LeaseRecord): number {
  const keyModel = keyGroup.model.keyModels.get(slot)
  let sum = keyState.scope.until + keyGroup.provider.scope.until * 3 + Number(keyState.disabled)
  sum += (keyState.retirement?.until ?? 0) * 5 + (keyModel?.retirement?.until ?? 0) * 7
  sum += (keyModel?.scope.until ?? 0) * 11
  for (const { limit, scope } of holds) sum += limit.until + scope.until * 13 + limit.window.amount
  return sum
}
