/** A model whose keys are all dead or switched off has no limit to wait for: who asks is told what is wrong with them. */
import { GatewayError, type ErrorKind } from '../../chat/error.ts'
import type { Incident } from '../health/incident.ts'
import { DEATHS } from '../health/retirement.ts'
import type { KeyGroup } from '../topology/key-group.ts'
import type { Waiting } from './waiting.ts'

const DISABLED = 'disabled by the operator'
/** The status that clients and their SDKs know each reason by: none of these is asked again at once, as a 429 would be. */
const STATUSES: Partial<Record<ErrorKind, number>> = { authentication: 401, quota: 402, permission: 403 }

/**
 * The error of a request that nothing but dead keys could serve; undefined while one of them is in service. Looks at keys
 * only until it finds that one.
 * @param wait milliseconds until the first of them is tried again
 */
export function deadKeys({ request, tiers }: Waiting, wait: number): GatewayError | undefined {
  const counts = new Map<string, number>()
  let total = 0
  for (const { keyGroups } of tiers) {
    for (const keyGroup of keyGroups) {
      for (let slot = 0; slot < keyGroup.size; slot++) {
        const reason = reasonOf(keyGroup, slot)
        if (reason === undefined) return undefined
        counts.set(reason, (counts.get(reason) ?? 0) + 1)
        total++
      }
    }
  }
  if (total === 0) return undefined
  const reasons = [...counts]
  const listed = reasons.map(([reason, count]) => (reasons.length === 1 ? reason : `${reason} (${count})`)).join(', ')
  const next = wait < Infinity ? ` The first is tried again in ${Math.ceil(wait / 1000)} s.` : ''
  const message = `No key that this server has for ${request.model} is in service: ${listed}.${next}`
  const kind = reasons.length === 1 ? kindOf(listed) : undefined
  const status = kind && STATUSES[kind]
  if (!kind || status === undefined)
    return new GatewayError('queue_full', message, { status: 503, type: 'server_error', code: 'no_key' })
  // the client's own key is good: the code says that it is about another
  return new GatewayError(kind, message, { status, ...(kind === 'authentication' && { code: 'no_key' }) })
}

function reasonOf(keyGroup: KeyGroup, slot: number): string | undefined {
  const { model, provider } = keyGroup
  const key = keyGroup.key(slot)
  if (key.disabled) return DISABLED
  const retirement = key.retirement ?? model.keyModels.get(slot)?.retirement
  return retirement?.reason ?? deathOf(provider.incident) ?? deathOf(model.incident)
}

/** All keys were refused within a minute, and those that try again are, too. */
function deathOf({ open, trouble, kind }: Incident): string | undefined {
  return open && trouble === 'dead' ? (DEATHS[kind as keyof typeof DEATHS] ?? DEATHS.authentication) : undefined
}

function kindOf(reason: string): ErrorKind | undefined {
  return (Object.keys(DEATHS) as (keyof typeof DEATHS)[]).find((kind) => DEATHS[kind] === reason)
}
