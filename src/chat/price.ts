/** What tokens cost, and what an answer did: the one place where counts become dollars. */

/** US dollars for a million tokens of each kind. What has no rate of its own costs what its kind at large costs. */
export interface Rates {
  input: number
  output: number
  /** Read from the provider's cache. */
  cached?: number
  /** Written to its cache: for minutes, and for an hour. */
  cache_write?: number
  cache_write_1h?: number
  reasoning?: number
  input_audio?: number
  cached_audio?: number
  output_audio?: number
  input_image?: number
  output_image?: number
}

export interface Price extends Rates {
  /** US dollars for each request, beside its tokens. */
  request?: number
  /** Rates of longer prompts, which then hold for the whole request; by length, shortest first. */
  long?: ({ above: number } & Rates)[]
  /** Share of the price by the service tier that an answer says it was made in. */
  service_tiers?: Readonly<Record<string, number>>
}

/** Tokens of one answer in OpenAI's sense: input includes cached and written ones, output includes reasoning. */
export interface TokenCounts {
  input?: number
  output?: number
  cached?: number
  cache_write?: number
  /** The part of `cache_write` that is kept for an hour. */
  cache_write_1h?: number
  reasoning?: number
  input_audio?: number
  /** The part of `input_audio` that came from the cache. */
  cached_audio?: number
  output_audio?: number
  input_image?: number
  output_image?: number
  /** What is billed, where that is not what the model read and wrote. */
  billed_input?: number
  billed_output?: number
  service_tier?: string
}

/** What all vendors that sell work which may wait take for it, where a price says nothing of it: half (their pricing pages, 2026). */
const USUAL_SHARES: Readonly<Record<string, number>> = { batch: 0.5, flex: 0.5 }

/** US dollars. */
export function costOf(price: Price, counts: TokenCounts): number {
  const { billed_input, billed_output, service_tier } = counts
  const input = billed_input ?? counts.input ?? 0
  const output = billed_output ?? counts.output ?? 0
  const rates = ratesFor(price, input)
  const tokens = inputCost(rates, input, counts) + outputCost(rates, output, counts)
  return (price.request ?? 0) + (tokens / 1e6) * shareOf(price, service_tier)
}

function ratesFor(price: Price, input: number): Rates {
  return price.long?.findLast(({ above }) => input > above) ?? price
}

function inputCost(rates: Rates, input: number, counts: TokenCounts): number {
  const audio = Math.min(counts.input_audio ?? 0, input)
  const cachedAudio = Math.min(counts.cached_audio ?? 0, audio)
  const image = Math.min(counts.input_image ?? 0, input - audio)
  const cached = Math.min(Math.max((counts.cached ?? 0) - cachedAudio, 0), input - audio - image)
  const written = Math.min(counts.cache_write ?? 0, input - audio - image - cached)
  const hour = Math.min(counts.cache_write_1h ?? 0, written)
  const write = rates.cache_write ?? rates.input
  const speech = rates.input_audio ?? rates.input
  return (
    (input - audio - image - cached - written) * rates.input +
    cached * (rates.cached ?? rates.input) +
    (written - hour) * write +
    hour * (rates.cache_write_1h ?? write) +
    (audio - cachedAudio) * speech +
    cachedAudio * (rates.cached_audio ?? rates.cached ?? speech) +
    image * (rates.input_image ?? rates.input)
  )
}

function outputCost(rates: Rates, output: number, counts: TokenCounts): number {
  const audio = Math.min(counts.output_audio ?? 0, output)
  const image = Math.min(counts.output_image ?? 0, output - audio)
  const thought = Math.min(counts.reasoning ?? 0, output - audio - image)
  return (
    (output - audio - image - thought) * rates.output +
    thought * (rates.reasoning ?? rates.output) +
    audio * (rates.output_audio ?? rates.output) +
    image * (rates.output_image ?? rates.output)
  )
}

function shareOf({ service_tiers }: Price, tier: string | undefined): number {
  if (tier === undefined) return 1
  for (const shares of [service_tiers, USUAL_SHARES]) {
    const share = shares && Object.hasOwn(shares, tier) ? shares[tier] : undefined
    if (share !== undefined) return share
  }
  return 1
}

const ZERO = 0x30
const POINT = 0x2e

/** `0.000123`: US dollars without an exponent, to a billionth. */
export function dollarsText(dollars: number): string {
  const text = dollars.toFixed(9)
  // searched from its end: a pattern would try each of its characters
  let end = text.length
  while (text.charCodeAt(end - 1) === ZERO) end--
  return text.slice(0, text.charCodeAt(end - 1) === POINT ? end - 1 : end)
}
