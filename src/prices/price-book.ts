/** The price of each route: what the configuration says, else what the list of prices knows. */
import { isIP } from 'node:net'
import type { Price } from '../chat/price.ts'
import { loadPriceList, type Edition, type PriceList } from './price-list.ts'

export interface PriceBook {
  /** Reads the list, and resolves when it is there; undefined when nobody has to wait for it. */
  ready(): Promise<void> | undefined
  /** @param asked the public model, whose routes may have prices of their own */
  find(asked: string | undefined, provider: string, model: string): Found | undefined
  /** The list in use; undefined where none is. */
  edition(): Edition | undefined
}

export interface Found {
  price: Price
  /** The operator's own, which goes before all that others say. */
  isOwn: boolean
}

export interface Seller {
  name: string
  base_url: string
  /** Its name in the list; false: it has no prices there; absent: found by its address. */
  prices?: string | false
  models: Readonly<Record<string, { price?: Price }>>
}

interface Pool {
  model: string
  routes: readonly { provider: string; model: string; price?: Price }[]
}

export interface PriceBookOptions {
  providers: readonly Seller[]
  pools: readonly Pool[]
  /** Milliseconds since the epoch. */
  wall: () => number
  /** Hears why there is no list. */
  failed?: (cause: unknown) => void
  load?: () => Promise<PriceList>
}

/** Milliseconds until a price that depends on the time of day is looked up again. */
const AGAIN = 60_000
/** Of models that clients alone name, beside those of the configuration: each costs half a kilobyte, and its name. */
const MOST_FOREIGN = 500

interface Kept {
  found: Found | undefined
  until: number
}

/** The list is read when it is first asked for, and where some provider may be in it: it takes a start a tenth of its time. */
export function createPriceBook(options: PriceBookOptions): PriceBook {
  const { providers, pools, wall, failed = () => {}, load = loadPriceList } = options
  const sellers = new Map(providers.map((provider) => [provider.name, provider]))
  const ofRoutes = new Map<string, Price>()
  for (const pool of pools)
    for (const { provider, model, price } of pool.routes)
      if (price) ofRoutes.set(idOf(pool.model, provider, model), price)
  // one map in another: to join three names and look for that costs each request 2.5 µs
  let kept = new Map<string, Map<string, Map<string, Kept>>>()
  const declared =
    pools.reduce((sum, { routes }) => sum + routes.length, 0) +
    providers.reduce((sum, { models }) => sum + Object.keys(models).length, 0)
  let count = 0
  let list: PriceList | undefined
  let mayCome = providers.some(isListed)
  let pending: Promise<void> | undefined

  async function read(): Promise<void> {
    try {
      list = await load()
    } catch (cause) {
      failed(cause)
    } finally {
      mayCome = false
      pending = undefined
    }
  }

  function lookUp(id: string, provider: string, model: string): Kept {
    const seller = sellers.get(provider)
    const own =
      ofRoutes.get(id) ?? (seller && Object.hasOwn(seller.models, model) ? seller.models[model]?.price : undefined)
    if (own) return { found: { price: own, isOwn: true }, until: Infinity }
    if (!seller || !list || !isListed(seller)) return { found: undefined, until: mayCome ? 0 : Infinity }
    const { prices, base_url } = seller
    const listed = list.find({ base_url, ...(prices && { list: prices }) }, model, new Date(wall()))
    return {
      found: listed && { price: listed.price, isOwn: false },
      until: listed?.changes === true ? wall() + AGAIN : Infinity,
    }
  }

  function keep(asked: string, provider: string, model: string, fresh: Kept): void {
    if (count >= declared + MOST_FOREIGN) {
      kept = new Map()
      count = 0
    }
    count++
    mapIn(mapIn(kept, asked), provider).set(model, fresh)
  }

  return {
    ready: () => (mayCome ? (pending ??= read()) : undefined),
    find(asked = '', provider, model) {
      const known = kept.get(asked)?.get(provider)?.get(model)
      if (known && (known.until === Infinity || known.until > wall())) return known.found
      const fresh = lookUp(idOf(asked, provider, model), provider, model)
      keep(asked, provider, model, fresh)
      return fresh.found
    },
    edition: () => list?.edition,
  }
}

function mapIn<T>(all: Map<string, Map<string, T>>, name: string): Map<string, T> {
  const found = all.get(name) ?? new Map<string, T>()
  all.set(name, found)
  return found
}

function idOf(asked: string, provider: string, model: string): string {
  return `${asked}\n${provider}\n${model}`
}

/** A server of one's own network sells nothing. */
function isListed({ prices, base_url }: Seller): boolean {
  if (prices !== undefined) return prices !== false
  if (!URL.canParse(base_url)) return false
  const { hostname } = new URL(base_url)
  return hostname.includes('.') && isIP(hostname) === 0
}
