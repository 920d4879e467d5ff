/** One seed for every property test: `npm test` always draws the same cases, `npm run fuzz` others each time. */
import * as fc from 'fast-check'

/** Of `npm test`; any would do. */
const FIXED = 7

fc.configureGlobal({ seed: Number(process.env['FUZZ_SEED'] ?? FIXED) })
