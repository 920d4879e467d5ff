/**
 * `npm run bench [-- --others --rounds 5 --phases stream --beside ../before --write]`: what the gateway costs beside the barest relay, on the same
 * upstream, in the same run. Each is a process of its own, as is the upstream. CPU is what the operating system charged to the
 * whole process. Ratios hold across machines; the figures beside them only on this one.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startOthers, startReferences, startGateway, startRelay } from './candidates.ts'
import { measureKeyPools } from './key-pools.ts'
import { measure } from './measure.ts'
import type { Candidate } from './measure.ts'
import { weighIdleStreams, weighPastRequests } from './memory.ts'
import { measureObservation } from './observation.ts'
import { page } from './page.ts'
import { configuration, PHASES, type Phase } from './phases.ts'
import { canPin, CORES, pin } from './pin.ts'
import { freePort, start } from './process.ts'
import type { Measured } from './process.ts'
import { printGoals, printPhase, printRest } from './report.ts'
import type { Run } from './run.ts'
import { measureStartUp } from './start-up.ts'
import { holdStreams } from './streams.ts'
import { verify } from './verify.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    /** Only phases whose name has this in it. */
    phases: { type: 'string', default: '' },
    /** Of whole requests, those that memory must not keep. */
    requests: { type: 'string', default: '100000' },
    streams: { type: 'string', default: '1000' },
    json: { type: 'boolean', default: false },
    /** Other relays and gateways beside ours. */
    others: { type: 'boolean', default: false },
    /** Another checkout of this project, measured in the same rounds. */
    beside: { type: 'string' },
    /** The phases alone: no start-up, no memory, no pools of keys. */
    only: { type: 'boolean', default: false },
    /** Writes docs/BENCHMARKS.md. */
    write: { type: 'boolean', default: false },
  },
})

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'balanced-call-bench-'))
const stops: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })]
const rounds = Number(values.rounds)

try {
  await bench()
} finally {
  for (const stop of stops.toReversed()) await stop()
}

async function bench(): Promise<void> {
  const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`
  console.log(`${machine}, ${rounds} rounds\n`)
  const run: Run = { machine, rounds, pinned: canPin(), results: [], open: [], notes: [] }
  // With all cores, as a start has them.
  if (!values.only) run.startUp = await measureStartUp()

  const upstream = await start('upstream', [file('./upstream.ts')], await freePort())
  stops.push(upstream.stop)
  pin(upstream.pid, CORES.drivers)
  pin(process.pid, CORES.drivers)
  if (!values.only) await weigh(upstream, run)

  const others = values.others ? pinned(await startOthers(upstream.port, directory)) : []
  run.notes = others.flatMap(({ note }) => note ?? [])
  const references = async (): Promise<Candidate[]> =>
    pinned(await startReferences(upstream.port, directory, values.beside))
  // First of all, while nothing that they have done before weighs on them.
  const holders = values.only ? [] : [...(await references()), ...others]
  for (const candidate of holders) {
    if (candidate.fits?.({ provider: 'openai', unit: 'chunk' }) ?? true)
      run.open.push(await holdStreams(candidate, upstream, Number(values.streams)))
  }
  await stopReferences(holders)
  for (const phase of PHASES.filter(({ name }) => name.toLowerCase().includes(values.phases.toLowerCase()))) {
    // Anew for each phase: what a process has done before changes what it costs by a third.
    const candidates = [...(await references()), ...others]
    const fit = candidates.filter((each) => isFit(each, phase))
    for (const candidate of fit) await verify(phase, candidate)
    for (const result of await measure(phase, fit, rounds)) {
      printPhase(result)
      run.results.push(result)
    }
    await stopReferences(candidates)
  }
  if (!values.only) {
    run.keyPools = await measureKeyPools(upstream.port, directory, rounds)
    printPhase(run.keyPools)
    run.observation = await measureObservation(upstream.port, directory, rounds)
    printPhase(run.observation)
  }
  printRest(run)
  printGoals(run)
  if (values.json) console.log(JSON.stringify(run))
  if (values.write) writeFileSync(file('../../docs/BENCHMARKS.md'), page(run))
}

function pinned(candidates: Candidate[]): Candidate[] {
  for (const { process } of candidates) {
    stops.push(process.stop)
    pin(process.pid, CORES.measured)
  }
  return candidates
}

async function stopReferences(candidates: Candidate[]): Promise<void> {
  for (const { process, reference } of candidates) if (reference) await process.stop()
}

/** In processes of their own, that nothing else has filled. */
async function weigh(upstream: Measured, run: Run): Promise<void> {
  run.idle = []
  const relay = await startRelay(upstream.port)
  run.idle.push(await of(relay, true, weighIdleStreams))
  const gateway = (): Promise<Measured> => startGateway(configuration(upstream.port), directory)
  run.idle.push(await of(await gateway(), false, weighIdleStreams))
  run.past = await of(await gateway(), false, (one) => weighPastRequests(one, Number(values.requests)))
}

async function of<T>(process: Measured, bare: boolean, weigh: (one: Candidate) => Promise<T>): Promise<T> {
  pin(process.pid, CORES.measured)
  try {
    return await weigh({ process, bare })
  } finally {
    await process.stop()
  }
}

/** Others are asked by chat completions alone. */
function isFit({ fits, bare, reference }: Candidate, phase: Phase): boolean {
  return (fits?.(phase) ?? true) && (phase.door === undefined || bare || reference === true)
}
