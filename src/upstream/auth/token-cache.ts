import { GatewayError } from '../../chat/error.ts'

export interface Token {
  text: string
  /** Milliseconds since the epoch. */
  expires: number
}

export interface TokenCacheOptions {
  /** Milliseconds before its end at which a token is renewed beside the traffic. */
  margin: number
  /** Tokens that are kept; beyond, the oldest goes. */
  size?: number
}

export interface TokenCache {
  /**
   * The token at hand, or the one that `exchange` gives. All who ask meanwhile share one exchange. With `renew` the
   * token at hand was refused by the vendor and is not given again, unless it is as young as that refusal.
   */
  get(identity: string, now: number, exchange: () => Promise<Token>, renew?: boolean): string | Promise<string>
}

/** A token is not given out in its last moments: the request must still travel. */
const TRAVEL = 5_000
/** After a renewal failed while the old token is good. */
const PAUSE = 10_000
/** A token of this age is news to a request that was refused with the one before. */
const YOUNG = 5_000

interface Entry {
  token?: Token
  since: number
  renewAt: number
  flight?: Promise<string>
}

export function createTokenCache({ margin, size = 1000 }: TokenCacheOptions): TokenCache {
  const entries = new Map<string, Entry>()

  function open(identity: string): Entry {
    const entry: Entry = { since: 0, renewAt: 0 }
    const [oldest] = entries.keys()
    if (oldest !== undefined && entries.size >= size) entries.delete(oldest)
    entries.set(identity, entry)
    return entry
  }

  async function fly(entry: Entry, now: number, exchange: () => Promise<Token>): Promise<string> {
    try {
      const token = await exchange()
      const life = token.expires - now
      entry.token = token
      entry.since = now
      // A token that lives no longer than the margin is used for half of its life.
      entry.renewAt = now + Math.max(life - margin, life / 2)
      return token.text
    } catch (error) {
      entry.renewAt = now + PAUSE
      throw error
    } finally {
      entry.flight = undefined
    }
  }

  /** One who shares another's exchange does not share its fate when that other's client goes away. */
  async function share(
    entry: Entry,
    flight: Promise<string>,
    now: number,
    exchange: () => Promise<Token>,
  ): Promise<string> {
    try {
      return await flight
    } catch (error) {
      if (!(error instanceof GatewayError) || error.kind !== 'cancelled') throw error
      return (entry.flight ??= fly(entry, now, exchange))
    }
  }

  return {
    get(identity, now, exchange, renew = false) {
      const entry = entries.get(identity) ?? open(identity)
      const { token } = entry
      const refused = renew && now - entry.since > YOUNG
      const good = token !== undefined && !refused && now < token.expires - TRAVEL
      if (good && now < entry.renewAt) return token.text
      if (!good && entry.flight !== undefined) return share(entry, entry.flight, now, exchange)
      entry.flight ??= fly(entry, now, exchange)
      if (!good) return entry.flight
      // Nobody waits for this one; when it fails, the next one who finds no good token hears of it.
      entry.flight.catch(() => {})
      return token.text
    },
  }
}
