/** What an answer has used so far, read from its deltas, so that a lease can be settled whenever the answer ends. */
import { usageIn } from '../chat/chunk-usage.ts'
import type { Delta, Iteration } from '../chat/delta.ts'
import { costOf, type Price, type TokenCounts } from '../chat/price.ts'
import { addUsage, addWireUsage, costTold, countsOf } from '../chat/token-counts.ts'
import { CHARACTERS_PER_TOKEN } from './estimate.ts'
import type { Settlement } from '../scheduler/types.ts'

export interface UsageMeter {
  see(deltas: readonly Delta[]): void
  /** The same for a delta of nothing but text. */
  seeText(characters: number): void
  read(): Settlement
  /** A reason to stop was given. */
  finished(): boolean
}

/** The price of the route that answers. */
export interface RoutePrice {
  price: Price
  /** The operator's own, which goes before what the upstream says that it charges. */
  isOwn: boolean
}

export interface OtherPrices {
  /** Of another model of the same provider; undefined where nobody knows it. */
  priceOf(model: string): RoutePrice | undefined
}

/**
 * @param estimate tokens of the request, for an answer that broke off before it told
 * @param others for an answer that other models had a part in; those without a price cost what the route does
 */
export function createUsageMeter(price?: RoutePrice, estimate?: number, others?: OtherPrices): UsageMeter {
  return new AnswerUsageMeter(price, estimate, others)
}

class AnswerUsageMeter implements UsageMeter {
  /** As the upstream's own API counts, and as the format says, which wins whichever comes first. */
  private readonly wire: TokenCounts = {}
  private said: TokenCounts | undefined
  private told: number | undefined
  private iterations: readonly Iteration[] | undefined
  private characters = 0
  private isFinished = false
  private readonly price: RoutePrice | undefined
  private readonly estimate: number | undefined
  private readonly others: OtherPrices | undefined

  constructor(price: RoutePrice | undefined, estimate: number | undefined, others: OtherPrices | undefined) {
    this.price = price
    this.estimate = estimate
    this.others = others
  }

  see(deltas: readonly Delta[]): void {
    for (const delta of deltas) {
      if (delta.text) this.characters += delta.text.length
      else if (delta.reasoning) this.characters += delta.reasoning.length
      if (delta.finish_reason !== undefined) this.isFinished = true
      if (delta.usage) {
        addUsage((this.said ??= {}), delta.usage)
        this.told = costTold(delta.usage as Record<string, unknown>) ?? this.told
        this.iterations = delta.usage.iterations ?? this.iterations
      }
      if (delta.chunk) this.seeChunk(delta.chunk)
    }
  }

  seeText(characters: number): void {
    this.characters += characters
  }

  read(): Settlement {
    const { characters, wire, said } = this
    const used: Settlement = said === undefined ? { ...wire } : { ...wire, ...said }
    // an answer that broke off never told
    if (used.output === undefined && characters > 0) used.output = Math.ceil(characters / CHARACTERS_PER_TOKEN)
    const cost = this.costOf(used)
    if (cost !== undefined) used.cost = cost
    return used
  }

  finished(): boolean {
    return this.isFinished
  }

  private costOf(used: Settlement): number | undefined {
    const { price, told, estimate } = this
    if (told !== undefined && price?.isOwn !== true) return told
    if (price === undefined || (used.input === undefined && used.output === undefined)) return undefined
    if (this.iterations) return this.costOfAll(this.iterations, price, used.service_tier)
    return costOf(price.price, used.input === undefined ? { ...used, input: estimate } : used)
  }

  private costOfAll(iterations: readonly Iteration[], own: RoutePrice, service_tier: string | undefined): number {
    let cost = 0
    for (const each of iterations) {
      const { price } = (each.model === undefined ? undefined : this.others?.priceOf(each.model)) ?? own
      cost += costOf(price, { ...countsOf(each), service_tier })
    }
    return cost
  }

  private seeChunk(chunk: Record<string, unknown>): void {
    const choices = chunk['choices']
    if (Array.isArray(choices)) {
      for (const choice of choices as (Choice | null)[]) {
        if (choice?.finish_reason) this.isFinished = true
        const said = choice?.delta
        if (typeof said?.content === 'string') this.characters += said.content.length
        else if (typeof choice?.text === 'string') this.characters += choice.text.length
      }
    }
    if (typeof chunk['service_tier'] === 'string') this.wire.service_tier = chunk['service_tier']
    const usage = usageIn(chunk) as Record<string, unknown> | undefined
    if (usage === undefined) return
    addWireUsage(this.wire, usage)
    this.told = costTold(usage) ?? this.told
  }
}

interface Choice {
  finish_reason?: unknown
  delta?: { content?: unknown }
  /** Of legacy completions. */
  text?: unknown
}
