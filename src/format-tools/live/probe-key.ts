/** Does a key work? One tiny request with it, and what the answer says of limits. */
import type { Provider, ProviderKey } from '../../config/config.ts'
import { describeLimit } from '../../config/describe.ts'
import { createClient } from '../../upstream/http/client.ts'
import { proxyOf } from '../../upstream/http/connection-pools.ts'
import { exchange, type Exchange } from './exchange.ts'
import type { Probe } from './probes.ts'

export interface KeyProbe {
  ok: boolean
  model: string
  /** Milliseconds until the answer was whole. */
  ms: number
  /** What it says of limits, where it says something. */
  limits?: string
  /** What is wrong. */
  why?: string
}

/** Enough for a word also where a model thinks first. */
const TINY: Probe = {
  name: 'tiny',
  body: { messages: [{ role: 'user', content: 'Say: hi' }], max_tokens: 64 },
  judge: ({ error }) => (error ? String(Object(error).message) : undefined),
}

/** @param provider one that has an address: the built-in one must have been started */
export async function probeKey(provider: Provider, model: string, secret: ProviderKey['secret']): Promise<KeyProbe> {
  const client = createClient({ proxy: proxyOf(process.env) })
  try {
    const found = await exchange(TINY, provider, model, secret, client)
    const { faults, milliseconds: ms } = found
    const limits = limitsIn(found)
    if (faults.length === 0) return { ok: true, model, ms, ...(limits !== '' && { limits }) }
    return { ok: false, model, ms, why: [...new Set(faults)].join('; ').slice(0, 160) }
  } finally {
    await client.destroy()
  }
}

function limitsIn({ signals }: Exchange): string {
  return signals
    .filter(({ limit }) => limit !== undefined)
    .map(({ metric, limit = 0, period = 0, remaining }) => {
      const left = remaining === undefined ? '' : ` (${remaining} left)`
      return describeLimit({ metric, amount: limit, period }) + left
    })
    .join(', ')
}
