/**
 * `npm run bench [-- --rounds 3 --phases stream --json]`: what the gateway costs beside the barest relay, on the same upstream, in
 * the same run. Each is a process of its own, as are the upstream and the clients. CPU is what the operating system charged to
 * the whole process. Ratios hold across machines; the figures beside them only on this one.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startCandidates } from './candidates.ts'
import { measure, verify } from './measure.ts'
import { page } from './page.ts'
import { PHASES } from './phases.ts'
import { freePort, start } from './process.ts'
import { printPhase, printStreams } from './report.ts'
import { measureStartUp } from './start-up.ts'
import { holdStreams } from './streams.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    /** Only phases whose name has this in it. */
    phases: { type: 'string', default: '' },
    streams: { type: 'string', default: '1000' },
    json: { type: 'boolean', default: false },
    /** Other relays and gateways beside ours. */
    others: { type: 'boolean', default: false },
    /** The time to the first answer, too. */
    start: { type: 'boolean', default: false },
    /** Writes docs/BENCHMARKS.md. */
    write: { type: 'boolean', default: false },
  },
})

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'balanced-call-bench-'))
const stops: (() => unknown)[] = [() => rmSync(directory, { recursive: true })]

try {
  await bench()
} finally {
  for (const stop of stops.toReversed()) await stop()
}

async function bench(): Promise<void> {
  const upstream = await start('upstream', [file('./upstream.ts')], await freePort())
  stops.push(upstream.stop)
  const candidates = await startCandidates(upstream.port, directory, values.others)
  for (const { process } of candidates) stops.push(process.stop)
  const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`
  console.log(`${machine}, ${values.rounds} rounds\n`)

  // First of all, while nothing that they have done before weighs on them.
  const open = []
  for (const candidate of candidates) {
    if (candidate.process.name !== 'Portkey') open.push(await holdStreams(candidate, upstream, Number(values.streams)))
  }
  const results = []
  for (const phase of PHASES.filter(({ name }) => name.toLowerCase().includes(values.phases.toLowerCase()))) {
    const fit = candidates.filter(({ fits }) => fits?.(phase) ?? true)
    for (const candidate of fit) await verify(phase, candidate)
    const result = await measure(phase, fit, Number(values.rounds))
    printPhase(result)
    results.push(result)
  }
  printStreams(open, candidates)
  const startUp = values.write || values.start ? await measureStartUp() : undefined
  if (startUp)
    console.log(`first answer ${startUp.best.toFixed(0)} ms after the start, ${startUp.providers} owners of models`)
  if (values.json) console.log(JSON.stringify({ node: process.version, results, open, startUp }))
  if (values.write)
    writeFileSync(file('../../docs/BENCHMARKS.md'), page(machine, Number(values.rounds), results, open, startUp))
}
