/** Learns what requests really use: per model and client, the input beside its estimate, the output, the cached share. */
import type { AcquireRequest, RouteSpec, Settlement } from './contract.ts'
import type { Demand } from './limits/demand.ts'

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
const REMEMBERED = 10_000
const SPEED = 0.05

export function createEstimator() {
  const habits = new Map<string, Habit>()

  function habitOf(model: string, client: string): Readonly<Habit> {
    const own = habits.get(`${model}\n${client}`)
    if (own && own.samples >= ENOUGH) return own
    return habits.get(model) ?? own ?? UNKNOWN
  }

  function learn(name: string, ratio: number | undefined, used: Settlement): void {
    const habit = habits.get(name) ?? { ...UNKNOWN }
    // Kept in the order of use, so that the map can forget the one longest unused.
    habits.delete(name)
    habits.set(name, habit)
    const [oldest] = habits.keys()
    if (habits.size > REMEMBERED && oldest !== undefined) habits.delete(oldest)
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
    /** `model` is `provider/model`. */
    demand(model: string, route: RouteSpec, request: AcquireRequest, client: string): Demand {
      const habit = habitOf(model, client)
      const most = request.maxOutput ?? route.capabilities?.max_output ?? Infinity
      return {
        input: Math.ceil(request.input * (habit.ratio + 2.5 * habit.spread)),
        // Nobody knows what a provider assumes when the client set no maximum: four usual answers.
        reserve: request.maxOutput ?? Math.min(most, Math.ceil(4 * habit.output)),
        output: Math.min(most, Math.ceil(habit.output)),
        cached: 0,
        price: route.price,
      }
    },
    /** How much of the input a warm cache will probably serve, 0 to 1. */
    cachedShare: (model: string, client: string): number => habitOf(model, client).cached,
    learn(model: string, client: string, estimate: number, used: Settlement): void {
      const ratio = used.input !== undefined && estimate > 0 ? Math.min(used.input / estimate, 10) : undefined
      learn(model, ratio, used)
      learn(`${model}\n${client}`, ratio, used)
    },
  }
}

export type Estimator = ReturnType<typeof createEstimator>
