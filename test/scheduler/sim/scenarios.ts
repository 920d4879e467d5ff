/** The seventeen scenarios of the scheduler's benchmark. */
import type { Fault, SimulatedRequest } from '../../../src/scheduler/simulator/simulation.ts'
import type { Kind, SimKey } from './sim-key.ts'
import { simKey } from './sim-key.ts'
import { poisson, replay } from './workload.ts'

export interface Scenario {
  note: string
  keys: () => SimKey[]
  requests: (seed: number) => SimulatedRequest[]
  faults?: Fault[]
  /** Seconds at which a key, by position, stops to answer: for the bound. */
  dies?: Record<number, number>
  replicas?: number
}

const KINDS: readonly Kind[] = ['bucket', 'fixed', 'sliding']
const TEN = Array.from({ length: 10 }, (_, index) => index)

const alike = (): SimKey[] => TEN.map(() => simKey({ rpm: 60, tpm: 400_000 }))

/** All three ways to enforce a minute; every second key tells its limits, every fifth not how long to wait. */
const mixed = (): SimKey[] =>
  TEN.map((index) =>
    simKey({ rpm: 60, tpm: 400_000, kind: kindAt(index), headers: index % 2 === 0, retryAfter: index % 5 !== 4 }),
  )

const lower = (headers: (index: number) => boolean) => (): SimKey[] =>
  TEN.map((index) => simKey({ rpm: 60, tpm: 400_000, real: 0.7, kind: kindAt(index), headers: headers(index) }))

const tokenBound = (): SimKey[] => TEN.map(() => simKey({ rpm: 600, tpm: 60_000 }))

/** 30 s bursts at 5 times the mean, 150 s lulls at a fifth of it. */
const bursts = (seconds: number): number => (seconds % 180 < 30 ? 5 : 0.2)

export const SCENARIOS: Record<string, Scenario> = {
  a_under: {
    note: '10 keys x 60 RPM, Poisson at 0.5 of the pool',
    keys: alike,
    requests: (seed) => poisson({ rate: 5, seconds: 1200, seed }),
  },
  a_at: { note: 'at 0.95', keys: alike, requests: (seed) => poisson({ rate: 9.5, seconds: 1200, seed }) },
  a_over: { note: 'at 1.5', keys: alike, requests: (seed) => poisson({ rate: 15, seconds: 1200, seed }) },
  a_over_mixed: {
    note: 'at 1.5; bucket, fixed and sliding enforcement mixed, half without headers',
    keys: mixed,
    requests: (seed) => poisson({ rate: 15, seconds: 1200, seed }),
  },
  b_free: {
    note: '20 free-tier keys, 3 h, day budgets / 8',
    keys: freeTiers,
    requests: (seed) => poisson({ rate: 2.6, seconds: 10_800, seed, largestInput: 6000 }),
  },
  c_burst: {
    note: 'mean 0.85 of the pool; every 3 min a 30 s burst at 4.25 times the pool',
    keys: mixed,
    requests: (seed) => poisson({ rate: 8.5, seconds: 1260, seed, burst: bursts }),
  },
  c_azure_code: {
    note: 'Azure code arrivals (variance / mean 13), mean 0.7',
    keys: mixed,
    requests: (seed) => replay('code', 7, 1200, seed),
  },
  c_azure_conv: {
    note: 'Azure conversation arrivals, mean 0.9',
    keys: mixed,
    requests: (seed) => replay('conv', 9, 1200, seed),
  },
  d_learn: {
    note: 'real limits 30 % under the declared; load 0.94 of the real pool',
    keys: lower((index) => index % 2 === 0),
    requests: (seed) => poisson({ rate: 6.6, seconds: 2400, seed }),
  },
  d_over: {
    note: 'the same, no key sends headers, load 1.2 of the real pool',
    keys: lower(() => false),
    requests: (seed) => poisson({ rate: 8.4, seconds: 2400, seed }),
  },
  e_tpm: {
    note: 'tokens bind (input + max_tokens reserved), code tokens, about 0.9',
    keys: tokenBound,
    requests: (seed) => poisson({ rate: 4.2, seconds: 1200, seed, tokens: 'code' }),
  },
  e_tpm_over: {
    note: 'the same at about 1.45',
    keys: tokenBound,
    requests: (seed) => poisson({ rate: 7, seconds: 1200, seed, tokens: 'code' }),
  },
  f_faults: {
    note: 'at 300 s one key answers 401 and one gets 12 times slower; load 0.65',
    keys: alike,
    requests: (seed) => poisson({ rate: 6.5, seconds: 1200, seed }),
    faults: [
      { at: 300_000, strike: ([first]) => first && (first.dead = true) },
      { at: 300_000, strike: ([, second]) => second && (second.slowness = 12) },
    ],
    dies: { 0: 300 },
  },
  g_4rep: {
    note: '4 replicas, load 0.9',
    keys: alike,
    requests: (seed) => poisson({ rate: 9, seconds: 1200, seed }),
    replicas: 4,
  },
  g_4rep_over: {
    note: '4 replicas, load 1.5',
    keys: alike,
    requests: (seed) => poisson({ rate: 15, seconds: 600, seed }),
    replicas: 4,
  },
  h_weights: {
    note: 'weights 50/30/10/10 at 2.5 % load',
    keys: () => [50, 30, 10, 10].map((weight) => simKey({ rpm: 600, tpm: 4_000_000, weight })),
    requests: (seed) => poisson({ rate: 1, seconds: 1200, seed }),
  },
  i_fair: {
    note: 'load 1.5, one client sends 80 %',
    keys: alike,
    requests: (seed) => poisson({ rate: 15, seconds: 1200, seed, clients: [0.8, 0.05, 0.05, 0.05, 0.05] }),
  },
}

function kindAt(index: number): Kind {
  return KINDS[index % KINDS.length] ?? 'bucket'
}

/** A pool of free tiers as of 2026: three hours stand for a day, and the day's budgets are an eighth. */
function freeTiers(): SimKey[] {
  const share = 8
  const quiet = { headers: false, retryAfter: false, charge: 'predicted' } as const
  const gemini = { provider: 'gemini', kind: 'fixed', charge: 'input', headers: false } as const
  const tiers: [count: number, key: Partial<SimKey>][] = [
    [3, { provider: 'groq', rpm: 30, tpm: 12_000, rpd: 1000, tpd: 100_000, tokensPerSecond: 250 }],
    [2, { provider: 'groq', rpm: 30, tpm: 6000, rpd: 14_400, tpd: 500_000, tokensPerSecond: 400 }],
    [3, { ...gemini, rpm: 15, tpm: 250_000, rpd: 500, tokensPerSecond: 150 }],
    [2, { ...gemini, rpm: 5, tpm: 250_000, rpd: 20, tokensPerSecond: 150 }],
    [1, { ...gemini, rpm: 30, tpm: 15_000, rpd: 14_400, tokensPerSecond: 60 }],
    [2, { provider: 'cerebras', rpm: 30, tpm: 60_000, rpd: 14_400, tpd: 1_000_000, tokensPerSecond: 1500 }],
    [2, { ...quiet, provider: 'mistral', rps: 1, tpm: 500_000, kind: 'sliding', tokensPerSecond: 80 }],
    [2, { ...quiet, provider: 'openrouter', rpm: 20, rpd: 50, kind: 'fixed', tokensPerSecond: 50 }],
    [1, { ...quiet, provider: 'cohere', rpm: 20, rpd: 33, kind: 'sliding', tokensPerSecond: 60 }],
    [1, { ...quiet, provider: 'nim', rpm: 40, kind: 'sliding', tokensPerSecond: 50 }],
    [
      1,
      {
        ...quiet,
        retryAfter: true,
        provider: 'github',
        rpm: 15,
        rpd: 150,
        concurrency: 5,
        kind: 'sliding',
        tokensPerSecond: 60,
      },
    ],
  ]
  return tiers.flatMap(([count, key]) =>
    Array.from({ length: count }, () => {
      const budgets: Partial<SimKey> = { day: 86_400 / share }
      if (key.rpd !== undefined) budgets.rpd = Math.max(1, Math.floor(key.rpd / share))
      if (key.tpd !== undefined) budgets.tpd = key.tpd / share
      return simKey({ ...key, ...budgets })
    }),
  )
}
