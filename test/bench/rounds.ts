/** Turns of the same work, and what they say when put together. */

/** What one turn of one candidate took. */
export interface Turn {
  /** CPU microseconds for one request or one chunk. */
  cpu: number
  /** Units a second. */
  rate: number
}

/** Of rounds, for whoever is there only to compare with. */
const FEW = 3

/**
 * Gives each one turn a round, the first first and then last, so that what one leaves behind does not always meet the same other. Who
 * is no reference leaves after some rounds: the time goes to the figures that decide.
 */
export async function takeTurns<T extends { reference?: boolean }>(
  who: T[],
  rounds: number,
  turn: (one: T) => Promise<Turn>,
): Promise<Turn[][]> {
  const taken = who.map((): Turn[] => [])
  for (let round = 0; round < rounds; round++) {
    const order = [...who.entries()].filter(([, { reference }]) => reference || round < FEW)
    for (const [index, one] of round % 2 === 0 ? order : order.toReversed()) taken[index]?.push(await turn(one))
  }
  return taken
}

/** The median of the rounds' own ratios: what disturbs a whole round disturbs both of its sides. */
export function ratioOf(own: Turn[], other: Turn[], of: keyof Turn = 'cpu'): number {
  return median(own.map((turn, round) => turn[of] / (other[round]?.[of] ?? Number.NaN)))
}

/** Of each side's best round, which whatever else the machine did disturbed least. */
export function bestRatioOf(own: Turn[], other: Turn[]): number {
  const best = (turns: Turn[]): number => Math.min(...turns.map(({ cpu }) => cpu))
  return best(own) / best(other)
}

export const medianOf = (turns: Turn[], of: keyof Turn): number => median(turns.map((turn) => turn[of]))

function median(values: number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}
