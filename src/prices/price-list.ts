/** The list of prices that comes with a package, and is kept there: read as prices of ours. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { ModelPrice, PriceOptions, TieredPrices } from '@pydantic/genai-prices'
import type { Price, Rates } from '../chat/price.ts'

export interface PriceList {
  edition: Edition
  /** Undefined for what it does not know. `changes`: it may be another one a minute later. */
  find(seller: Seller, model: string, at: Date): { price: Price; changes: boolean } | undefined
}

export interface Edition {
  /** The package. */
  name: string
  version: string
  /** The day it was published; absent where this program does not know it. */
  date?: string
}

export interface Seller {
  /** By what the list calls it; absent: by its address. */
  list?: string
  base_url: string
}

const NAME = '@pydantic/genai-prices'

/** The package tells no date of its data, and the registry does: a test holds this to the version that is installed. */
const PUBLISHED: Readonly<Record<string, string>> = { '0.1.8': '2026-09-23' }

/** Its names of the rates, US dollars for a million tokens. */
const RATES: Readonly<Record<keyof Rates, string>> = {
  input: 'input_mtok',
  output: 'output_mtok',
  cached: 'cache_read_mtok',
  cache_write: 'cache_write_mtok',
  cache_write_1h: 'cache_write_1h_mtok',
  reasoning: 'output_reasoning_mtok',
  input_audio: 'input_audio_mtok',
  cached_audio: 'cache_audio_read_mtok',
  output_audio: 'output_audio_mtok',
  input_image: 'input_image_mtok',
  output_image: 'output_image_mtok',
}

/** Takes a tenth of a second: a megabyte of data is compiled. Rejects where the package is missing. */
export async function loadPriceList(): Promise<PriceList> {
  const { calcPrice } = await import('@pydantic/genai-prices')
  return {
    edition: priceListEdition(),
    find({ list, base_url }, model, at) {
      const options: PriceOptions = {
        timestamp: at,
        ...(list === undefined ? { providerApiUrl: base_url } : { providerId: list }),
      }
      const found = [model, bareName(model)].reduce<ReturnType<typeof calcPrice>>(
        (known, name) => known ?? calcPrice({}, name, options),
        null,
      )
      if (!found) return undefined
      return { price: priceOf(found.model_price), changes: Array.isArray(found.model.prices) }
    },
  }
}

/** Behind the path that some vendors put before it. */
function bareName(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1)
}

/** @param listed as the package has it */
export function priceOf(listed: ModelPrice): Price {
  const starts = new Set(
    Object.values(listed).flatMap((rate) => (isTiered(rate) ? rate.tiers.map(({ start }) => start) : [])),
  )
  const price: Price = ratesAbove(listed, -1)
  const each = listed['requests_kcount']
  if (typeof each === 'number') price.request = each / 1000
  if (starts.size > 0) {
    const ordered = [...starts].sort((a, b) => a - b)
    price.long = ordered.map((above) => ({ above, ...ratesAbove(listed, above) }))
  }
  return price
}

function ratesAbove(listed: ModelPrice, length: number): Rates {
  const rates: Rates = { input: 0, output: 0 }
  for (const name of Object.keys(RATES) as (keyof Rates)[]) {
    const rate = listed[RATES[name]]
    if (rate === undefined) continue
    rates[name] = isTiered(rate) ? (rate.tiers.findLast(({ start }) => start <= length)?.price ?? rate.base) : rate
  }
  return rates
}

function isTiered(rate: number | TieredPrices | undefined): rate is TieredPrices {
  return typeof rate === 'object'
}

/** Without its data. */
export function priceListEdition(): Edition {
  const entry = createRequire(import.meta.url).resolve(NAME)
  const { version } = JSON.parse(readFileSync(join(entry, '../../package.json'), 'utf8')) as { version: string }
  return { name: NAME, version, date: PUBLISHED[version] }
}
