/** Learns what requests really use: per model and client, the input beside its estimate, the output, the cached share. */
import type { Price } from '../../chat/price.ts'
import { LinkedList, ListNode } from '../structures/linked-list.ts'
import type { AcquireRequest, RouteSpec, Settlement } from '../types.ts'
import type { Demand } from '../limits/request-cost.ts'

interface UsageHistory {
  samples: number
  /** Real input ÷ estimate, and how far it usually strays. */
  ratio: number
  spread: number
  output: number
  /** Share of the input that the provider's cache served. */
  cached: number
}

/** Before anything is known: no correction but a margin of 5 %, and a short answer. */
const UNKNOWN: Readonly<UsageHistory> = { samples: 0, ratio: 1, spread: 0.025, output: 200, cached: 0 }
/** A client's own history counts from this many samples on. */
const ENOUGH = 5
/** No prompt has fewer tokens than this share of its estimate. */
const LEAST = 0.15
const REMEMBERED = 10_000
const SPEED = 0.05

/** A history, and where it is kept. */
interface Kept {
  readonly history: UsageHistory
  readonly model: string
  readonly client: string | symbol
}

/** Those of one model, by client. */
type Histories = Map<string | symbol, ListNode<Kept>>

/** In place of a client: all of them together. */
const ALL = Symbol('all clients')

/** Estimated input as the vendor of a route (`provider/model`) counts, in tokens. */
export function inputOf(request: AcquireRequest, route: string): number {
  return request.inputs?.[route]?.input ?? request.input
}

/** The least that it can have there. */
export function leastOf(request: AcquireRequest, route: string): number {
  return request.inputs?.[route]?.least ?? request.least ?? request.input * LEAST
}

export function createEstimator() {
  let models = new Map<string, Histories>()
  /** All histories of all models: what was used longest ago is forgotten. */
  const order = new LinkedList<Kept>()

  function historyOf(model: string, client: string): Readonly<UsageHistory> {
    const histories = models.get(model)
    const own = histories?.get(client)?.item.history
    if (own && own.samples >= ENOUGH) return own
    return histories?.get(ALL)?.item.history ?? own ?? UNKNOWN
  }

  function keep(model: string, histories: Histories, client: string | symbol): UsageHistory {
    const known = histories.get(client)
    if (known) {
      order.renew(known)
      return known.item.history
    }
    const link = new ListNode<Kept>({ history: { ...UNKNOWN }, model, client })
    histories.set(client, link)
    order.push(link)
    if (order.size > REMEMBERED) forgetOldest()
    return link.item.history
  }

  function forgetOldest(): void {
    const oldest = order.first
    if (!oldest) return
    order.remove(oldest)
    const histories = models.get(oldest.item.model)
    histories?.delete(oldest.item.client)
    if (histories?.size === 0) models.delete(oldest.item.model)
  }

  function learn(history: UsageHistory, ratio: number | undefined, used: Settlement): void {
    history.samples++
    const speed = Math.max(SPEED, 1 / (history.samples + 1))
    if (ratio !== undefined) {
      history.spread += speed * (Math.abs(ratio - history.ratio) - history.spread)
      history.ratio += speed * (ratio - history.ratio)
    }
    if (used.output !== undefined) history.output += speed * (used.output - history.output)
    if (used.input) history.cached += speed * ((used.cached ?? 0) / used.input - history.cached)
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
      price: Price | undefined = route.price,
    ): Demand {
      const history = historyOf(model, client)
      const most = request.maxOutput ?? route.capabilities?.max_output ?? Infinity
      const high = inputOf(request, model) * (history.ratio + 2.5 * history.spread)
      // what others of its kind had is no reason to refuse this one
      const low = caution < 1 ? Math.min(high, leastOf(request, model)) : high
      // What a provider assumes and does not tell: four usual answers.
      const guess = Math.min(most, assumed ?? Math.ceil(4 * history.output))
      return {
        input: Math.ceil(low + caution * (high - low)),
        reserve: request.maxOutput ?? Math.ceil(1 + caution * (guess - 1)),
        output: Math.min(most, Math.ceil(history.output)),
        cached: 0,
        price,
      }
    },
    /** How much of the input a warm cache will probably serve, 0 to 1. */
    cachedShare: (model: string, client: string): number => historyOf(model, client).cached,
    learn(model: string, client: string, estimate: number, used: Settlement): void {
      const ratio = used.input !== undefined && estimate > 0 ? Math.min(used.input / estimate, 10) : undefined
      let histories = models.get(model)
      if (!histories) models.set(model, (histories = new Map()))
      learn(keep(model, histories, ALL), ratio, used)
      learn(keep(model, histories, client), ratio, used)
    },
    /** All that was learnt of these models. */
    forget(gone: ReadonlySet<string>): void {
      for (const model of gone) for (const link of models.get(model)?.values() ?? []) order.remove(link)
      models = new Map([...models].filter(([model]) => !gone.has(model)))
    },
  }
}

export type Estimator = ReturnType<typeof createEstimator>
