/**
 * `npm run bench:micro [-- --only encode]`: what the parts of the path cost, each alone, in microseconds of CPU: the best of many
 * batches. A choice that was made by such a number can be made anew on another Node.
 */
import { parseArgs } from 'node:util'
import { PARTS } from './micro-parts.ts'

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, batches: { type: 'string', default: '40' } },
})
/** Milliseconds of one batch: long enough for the operating system's accounting. */
const BATCH = 10

console.log(`Node ${process.version}, the best of ${values.batches} batches\n`)
for (const [name, make] of Object.entries(PARTS)) {
  if (!name.includes(values.only)) continue
  const run = await make()
  console.log(`${(await best(run, Number(values.batches))).toFixed(2).padStart(9)} µs  ${name}`)
}
process.exit(0)

async function best(run: () => unknown, batches: number): Promise<number> {
  let count = 1
  for (let elapsed = 0; elapsed < BATCH; count *= 2) elapsed = (await batch(run, count)) / 1000
  let least = Infinity
  for (let i = 0; i < batches; i++) least = Math.min(least, (await batch(run, count)) / count)
  return least
}

/** CPU microseconds. */
async function batch(run: () => unknown, count: number): Promise<number> {
  const before = process.cpuUsage()
  for (let i = 0; i < count; i++) {
    const made = run()
    if (made instanceof Promise) await made
  }
  const { user, system } = process.cpuUsage(before)
  return user + system
}
