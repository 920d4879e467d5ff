/** Chance that repeats: a seeded Mersenne Twister (MT19937), and the distributions that the simulator draws from. */

/** Uniform in [0, 1). */
export type Random = () => number

export interface Chance {
  random: Random
  /** A whole number in [0, below), without bias. */
  below(below: number): number
}

const SIZE = 624
const SHIFT = 397

/**
 * The generator and seeding of Matsumoto and Nishimura (2002), 53-bit doubles. Python's `random` is the same one, so
 * that a run here and a run of a model in Python see the same arrivals from the same seed (a whole number < 2^32).
 */
export function seededChance(seed: number): Chance {
  const state = seedByArray([seed >>> 0])
  let index = SIZE

  const next = (): number => {
    if (index >= SIZE) {
      twist(state)
      index = 0
    }
    let y = state[index++] ?? 0
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    return (y ^ (y >>> 18)) >>> 0
  }

  return {
    random: () => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992,
    below(below) {
      const bits = 32 - Math.clz32(below)
      let value: number
      do value = next() >>> (32 - bits)
      while (value >= below)
      return value
    },
  }
}

export function uniform(random: Random, from: number, to: number): number {
  return from + (to - from) * random()
}

/** Time to the next arrival of a Poisson stream with `rate` arrivals a unit of time. */
export function exponential(random: Random, rate: number): number {
  return -Math.log(1 - random()) / rate
}

const NORMAL = (4 * Math.exp(-0.5)) / Math.sqrt(2)

/** Kinderman and Monahan's ratio of uniforms. */
export function logNormal(random: Random, mu: number, sigma: number): number {
  for (;;) {
    const u = random()
    const v = 1 - random()
    const z = (NORMAL * (u - 0.5)) / v
    if ((z * z) / 4 <= -Math.log(v)) return Math.exp(mu + z * sigma)
  }
}

function seedByArray(key: readonly number[]): Uint32Array {
  const state = new Uint32Array(SIZE)
  const mixed = (at: number): number => {
    const previous = state[at - 1] ?? 0
    return previous ^ (previous >>> 30)
  }
  state[0] = 19650218
  for (let i = 1; i < SIZE; i++) state[i] = Math.imul(1812433253, mixed(i)) + i
  let i = 1
  let j = 0
  const step = (): void => {
    i += 1
    if (i < SIZE) return
    state[0] = state[SIZE - 1] ?? 0
    i = 1
  }
  for (let k = Math.max(SIZE, key.length); k > 0; k--) {
    state[i] = ((state[i] ?? 0) ^ Math.imul(mixed(i), 1664525)) + (key[j] ?? 0) + j
    step()
    j = (j + 1) % key.length
  }
  for (let k = SIZE - 1; k > 0; k--) {
    state[i] = ((state[i] ?? 0) ^ Math.imul(mixed(i), 1566083941)) - i
    step()
  }
  state[0] = 0x80000000
  return state
}

function twist(state: Uint32Array): void {
  for (let i = 0; i < SIZE; i++) {
    const y = ((state[i] ?? 0) & 0x80000000) | ((state[(i + 1) % SIZE] ?? 0) & 0x7fffffff)
    state[i] = (state[(i + SHIFT) % SIZE] ?? 0) ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0)
  }
}
