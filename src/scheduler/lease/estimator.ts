/** Learns what requests really use: per model and client, the input beside its estimate, the output, the cached share. */
import { LinkedList, ListNode } from '../structures/linked-list.ts'
import type { AcquireRequest, RouteSpec, Settlement } from '../types.ts'
import type { Demand } from '../limits/demand.ts'

interface Habit {
  samples: number
  /** Real input ÷ estimate, and how far it usually strays. */
  ratio: number
  spread: number
  output: number
  /** Share of the input that the provider's cache served. */
  cached: number
}

/** Before anything is known: no correction but a margin of 5 %, and a short answer. */
const UNKNOWN: Readonly<Habit> = { samples: 0, ratio: 1, spread: 0.025, output: 200, cached: 0 }
/** A client's own habit counts from this many samples on. */
const ENOUGH = 5
/** No prompt has fewer tokens than this share of its estimate, and of none is it certain that it has more than that one. */
export const LEAST = 0.15
const CERTAIN = 0.5
const REMEMBERED = 10_000
const SPEED = 0.05

/** A habit, and where it is kept. */
interface Kept {
  readonly habit: Habit
  readonly model: string
  readonly client: string | symbol
}

/** Those of one model, by client. */
type Habits = Map<string | symbol, ListNode<Kept>>

/** In place of a client: all of them together. */
const ALL = Symbol('all clients')

export function createEstimator() {
  const models = new Map<string, Habits>()
  /** All habits of all models: what was used longest ago is forgotten. */
  const order = new LinkedList<Kept>()

  function habitOf(model: string, client: string): Readonly<Habit> {
    const habits = models.get(model)
    const own = habits?.get(client)?.item.habit
    if (own && own.samples >= ENOUGH) return own
    return habits?.get(ALL)?.item.habit ?? own ?? UNKNOWN
  }

  function keep(model: string, habits: Habits, client: string | symbol): Habit {
    const known = habits.get(client)
    if (known) {
      order.renew(known)
      return known.item.habit
    }
    const link = new ListNode<Kept>({ habit: { ...UNKNOWN }, model, client })
    habits.set(client, link)
    order.push(link)
    if (order.size > REMEMBERED) forgetOldest()
    return link.item.habit
  }

  function forgetOldest(): void {
    const oldest = order.first
    if (!oldest) return
    order.remove(oldest)
    const habits = models.get(oldest.item.model)
    habits?.delete(oldest.item.client)
    if (habits?.size === 0) models.delete(oldest.item.model)
  }

  function learn(habit: Habit, ratio: number | undefined, used: Settlement): void {
    habit.samples++
    const speed = Math.max(SPEED, 1 / (habit.samples + 1))
    if (ratio !== undefined) {
      habit.spread += speed * (Math.abs(ratio - habit.ratio) - habit.spread)
      habit.ratio += speed * (ratio - habit.ratio)
    }
    if (used.output !== undefined) habit.output += speed * (used.output - habit.output)
    if (used.input) habit.cached += speed * ((used.cached ?? 0) / used.input - habit.cached)
  }

  return {
    /**
     * `model` is `provider/model`. `caution` is 1 for as much as it may well be, and 0 for as little as it can be.
     * `assumed` is what the provider counts for the answer of a request that sets no maximum, where it says so.
     */
    demand(
      model: string,
      route: RouteSpec,
      request: AcquireRequest,
      client: string,
      caution = 1,
      assumed?: number,
    ): Demand {
      const habit = habitOf(model, client)
      const most = request.maxOutput ?? route.capabilities?.max_output ?? Infinity
      const high = habit.ratio + 2.5 * habit.spread
      const certain = habit.samples < ENOUGH ? 0 : Math.min(CERTAIN, habit.ratio - 4 * habit.spread)
      const low = Math.min(high, Math.max(LEAST, certain))
      // What a provider assumes and does not tell: four usual answers.
      const guess = Math.min(most, assumed ?? Math.ceil(4 * habit.output))
      return {
        input: Math.ceil(request.input * (low + caution * (high - low))),
        reserve: request.maxOutput ?? Math.ceil(1 + caution * (guess - 1)),
        output: Math.min(most, Math.ceil(habit.output)),
        cached: 0,
        price: route.price,
      }
    },
    /** How much of the input a warm cache will probably serve, 0 to 1. */
    cachedShare: (model: string, client: string): number => habitOf(model, client).cached,
    learn(model: string, client: string, estimate: number, used: Settlement): void {
      const ratio = used.input !== undefined && estimate > 0 ? Math.min(used.input / estimate, 10) : undefined
      let habits = models.get(model)
      if (!habits) models.set(model, (habits = new Map()))
      learn(keep(model, habits, ALL), ratio, used)
      learn(keep(model, habits, client), ratio, used)
    },
  }
}

export type Estimator = ReturnType<typeof createEstimator>
