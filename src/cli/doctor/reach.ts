/** Does each provider's server answer, and what time is it there? No key is sent, and nothing is charged. */
import type { Config } from '../../config/config.ts'
import { isSandbox } from '../../app/sandbox-fallback.ts'
import { bad, good, warning, type Finding } from './finding.ts'

/** Milliseconds. */
const PATIENCE = 8000
/** Seconds: signatures and resets of limits take less. */
const SKEW = 30

export interface ReachOptions {
  fetch: typeof fetch
  /** Milliseconds since the epoch. */
  wall: () => number
}

/** One finding for each address, and one for the clock where any server told the time. */
export async function reach({ providers }: Pick<Config, 'providers'>, options: ReachOptions): Promise<Finding[]> {
  const byOrigin = new Map<string, string[]>()
  for (const provider of providers) {
    if (isSandbox(provider) || !URL.canParse(provider.base_url)) continue
    const { origin } = new URL(provider.base_url)
    byOrigin.set(origin, [...(byOrigin.get(origin) ?? []), provider.name])
  }
  const asked = await Promise.all([...byOrigin].map(([origin, names]) => ask(origin, names.join(', '), options)))
  const skews = asked.flatMap(({ skew }) => skew ?? [])
  return [...asked.map(({ finding }) => finding), ...clock(skews)]
}

async function ask(
  origin: string,
  names: string,
  { fetch, wall }: ReachOptions,
): Promise<{ finding: Finding; skew?: number }> {
  const sent = wall()
  try {
    const response = await fetch(origin, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(PATIENCE),
    })
    const came = wall()
    const told = Date.parse(response.headers.get('date') ?? '')
    // any answer is one: what stands at the root of an API says nothing of it
    const finding = good(names, `${origin} answers in ${Math.round(came - sent)} ms`)
    // the header has whole seconds
    return Number.isNaN(told) ? { finding } : { finding, skew: ((sent + came) / 2 - (told + 500)) / 1000 }
  } catch (error) {
    return { finding: bad(names, `${origin} does not answer: ${reasonOf(error)}`, adviceOf(error)) }
  }
}

/** Of all servers the one in the middle: one of them may be wrong itself. */
function clock(skews: number[]): Finding[] {
  const middle = skews.toSorted((a, b) => a - b)[Math.floor(skews.length / 2)]
  if (middle === undefined) return []
  const by = `${Math.abs(Math.round(middle))} s ${middle < 0 ? 'behind' : 'ahead of'} the providers' clocks`
  if (Math.abs(middle) < SKEW) return [good('clock', `within ${SKEW} s of the providers' clocks`)]
  const advice =
    'Set the clock (timedatectl set-ntp true): signed requests fail, and resets of limits are taken for another time.'
  return [bad('clock', `this machine is ${by}`, advice)]
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  if (cause instanceof Error && 'code' in cause) return String(cause.code)
  return error instanceof Error ? error.name : ''
}

function reasonOf(error: unknown): string {
  const code = codeOf(error)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'its name has no address here'
  if (code === 'ECONNREFUSED') return 'nothing listens there'
  if (code === 'TimeoutError') return `nothing came within ${PATIENCE / 1000} s`
  return code || 'the connection failed'
}

function adviceOf(error: unknown): string {
  const code = codeOf(error)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'Look at base_url and at the name server of this machine.'
  if (code === 'ECONNREFUSED') return 'Start that server, or correct base_url.'
  if (/CERT|SSL|TLS/.test(code))
    return 'Its certificate is not trusted here: NODE_EXTRA_CA_CERTS names one of your own.'
  return 'Look at the network, a firewall, or a proxy (HTTPS_PROXY).'
}

export function noProviders(): Finding {
  return warning('providers', 'none is live', 'Set the key of one: balanced-call providers says which variable.')
}
