/** What a request costs with its log lines, counters, price and row in the request log, against one of which nothing is told. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { measure } from './measure.ts'
import type { Candidate, Result } from './measure.ts'
import { configuration, PHASES, type Phase } from './phases.ts'
import { CORES, pin } from './pin.ts'
import { freePort, start } from './process.ts'

const SERVER = fileURLToPath(new URL('./observed-server.ts', import.meta.url))
const PRICE = { input: 1, output: 4, cached: 0.25 }

/** The first row is the one of which nothing is told. */
export async function measureObservation(upstream: number, directory: string, rounds: number): Promise<Result> {
  const phase = PHASES[0]
  if (!phase) throw new Error('there is no phase to measure observation with')
  return measureObservationOf(phase, upstream, directory, rounds)
}

export async function measureObservationOf(
  phase: Phase,
  upstream: number,
  directory: string,
  rounds: number,
): Promise<Result> {
  const candidates: Candidate[] = []
  try {
    for (const isObserved of [false, true]) {
      const name = isObserved ? 'gateway, all told' : 'gateway, nothing told'
      const file = join(directory, `${name.replaceAll(/\W/g, '-')}.yaml`)
      writeFileSync(file, JSON.stringify(priced(configuration(upstream), phase, isObserved)))
      const data = join(directory, 'observed')
      mkdirSync(data, { recursive: true })
      const process = await start(name, [SERVER, file, ...(isObserved ? [data] : [])], await freePort())
      pin(process.pid, CORES.measured)
      candidates.push({ process, bare: false, reference: true })
    }
    const [result] = await measure({ ...phase, name: `Log, metrics and cost, ${phase.name}` }, candidates, rounds)
    if (!result) throw new Error('observation was not measured')
    return result
  } finally {
    for (const { process } of candidates) await process.stop()
  }
}

function priced(config: unknown, { provider, model }: Phase, isPriced: boolean): unknown {
  const { providers, ...rest } = config as { providers: Record<string, object> }
  const more = isPriced ? { models: { [model]: { price: PRICE } } } : { prices: false }
  return { ...rest, providers: { ...providers, [provider]: { ...providers[provider], ...more } } }
}
