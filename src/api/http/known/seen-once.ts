/** What came before, by its name: a number other than 0. */
export interface SeenOnce {
  /** Did it come before, and was it not refused? */
  again(name: number): boolean
  /** It is not worth the while, however often it comes. */
  refuse(name: number): void
}

/** Names that are remembered; of more, one takes another's place. */
const PLACES = 4096

export function createSeenOnce(): SeenOnce {
  // tables of one size, as a set that takes in and lets go something for each request is made anew again and again
  const names = new Uint32Array(PLACES)
  const refused = new Uint8Array(PLACES)
  return {
    again(name) {
      const place = name % PLACES
      if (names[place] === name) return refused[place] === 0
      names[place] = name
      refused[place] = 0
      return false
    },
    refuse(name) {
      const place = name % PLACES
      if (names[place] === name) refused[place] = 1
    },
  }
}
