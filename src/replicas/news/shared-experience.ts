/** Prompt-cache homes and estimates travel to the other replicas, a few times a second: what they need not find out again. */
import type { Clock } from '../../scheduler/clock.ts'
import type { LeaseRecord } from '../../scheduler/lease/lease.ts'
import type { Experience, ToldHome, ToldUsage } from '../../scheduler/persistence/experience.ts'
import type { LiveScheduler } from '../../scheduler/scheduler.ts'
import { LruMap } from '../../scheduler/structures/lru-map.ts'

export type ExperienceMessage = ['experience', replica: string, told: Experience]

export interface SharedExperience {
  /** A lease has ended. */
  note(lease: LeaseRecord): void
  hear(told: Experience): void
}

/** Milliseconds that experience waits for more. */
const TOGETHER = 80
/** Homes that are not told again, and for how long: half of what a scheduler takes a cache to live. */
const REMEMBERED = 20_000
const AGAIN = 1_800_000
/** Of one message. */
const MOST = 500

export function createSharedExperience(
  inner: () => LiveScheduler,
  replica: string,
  clock: Clock,
  send: (message: ExperienceMessage) => void,
): SharedExperience {
  /** The key of each beginning, and when that was told. */
  const told = new LruMap<{ key: string; at: number }>(REMEMBERED)
  let homes: ToldHome[] = []
  let usages = new Map<string, { sum: ToldUsage; count: number }>()
  let isDue = false

  function addUsage(usage: ToldUsage): void {
    const name = `${usage.route} ${usage.client}`
    const known = usages.get(name)
    if (!known) {
      if (usages.size < MOST) usages.set(name, { sum: { ...usage }, count: 1 })
      return
    }
    known.count++
    known.sum.ratio += usage.ratio
    known.sum.output += usage.output
    known.sum.cached += usage.cached
  }

  function isNews({ model, affinity, route, key }: ToldHome): boolean {
    const name = `${model} ${affinity}`
    const known = told.get(name)
    const now = clock.now()
    if (known && known.key === `${route} ${key}` && now - known.at < AGAIN) return false
    told.set(name, { key: `${route} ${key}`, at: now })
    return true
  }

  function tell(): void {
    isDue = false
    const means = [...usages.values()].map(({ sum, count }) => ({
      ...sum,
      ratio: sum.ratio / count,
      output: sum.output / count,
      cached: sum.cached / count,
    }))
    const message: Experience = { homes, usages: means }
    homes = []
    usages = new Map()
    send(['experience', replica, message])
  }

  return {
    note(lease) {
      const learnt = inner().experienceOf(lease)
      for (const usage of learnt.usages) addUsage(usage)
      for (const home of learnt.homes) if (homes.length < MOST && isNews(home)) homes.push(home)
      if (isDue || (homes.length === 0 && usages.size === 0)) return
      isDue = true
      clock.setTimer(clock.now() + TOGETHER, tell, false)
    },
    hear(experience) {
      for (const home of experience.homes) isNews(home)
      inner().takeExperience(experience)
    },
  }
}
