import type { Strategy } from './strategy.ts'

/** The route with the lowest price; what has none is taken to be free. An answer is taken to be a quarter of its prompt. */
export const cheapest: Strategy = ({ price }) => (price ? price.input + price.output / 4 : 0)
