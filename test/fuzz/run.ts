/**
 * `npm run fuzz`: every file with a property test, with a seed that nobody chose. FUZZ says how many times as many cases
 * test/fuzz draws as in `npm test`; FUZZ_SEED repeats a run. Further arguments go to vitest: `npm run fuzz -- test/api`.
 */
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { randomInt } from 'node:crypto'

const env = { FUZZ: '50', FUZZ_SEED: String(randomInt(2 ** 31)), ...process.env }
const only = process.argv.slice(2)
const files = globSync('test/**/*.test.ts').filter(
  (file) => file.startsWith('test/fuzz/') || /from 'fast-check'/.test(readFileSync(file, 'utf8')),
)
const tell = (): void => console.log(`FUZZ=${env.FUZZ} FUZZ_SEED=${env.FUZZ_SEED} draws the same cases again`)

tell()
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', ...(only.length > 0 ? only : files)],
  {
    env,
    stdio: 'inherit',
  },
)
tell()
process.exitCode = status ?? 1
