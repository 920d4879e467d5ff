/** Does a request cost more where there are many keys to choose from? Two gateways that differ in nothing else. */
import { startGateway } from './candidates.ts'
import { measure } from './measure.ts'
import type { Candidate, Result } from './measure.ts'
import { configuration, PHASES } from './phases.ts'
import { CORES, pin } from './pin.ts'

const FEW = 10
export const MANY = 10_000

/** The first row has the few keys, the second the many. */
export async function measureKeyPools(upstream: number, directory: string, rounds: number): Promise<Result> {
  const phase = PHASES[0]
  if (!phase) throw new Error('there is no phase to measure key pools with')
  const candidates: Candidate[] = []
  try {
    for (const keys of [FEW, MANY]) {
      const process = await startGateway(configuration(upstream, keys), directory, `gateway with ${keys} keys`)
      pin(process.pid, CORES.measured)
      candidates.push({ process, bare: false, reference: true })
    }
    const [result] = await measure({ ...phase, name: 'Pool of keys, OpenAI JSON 1 kB' }, candidates, rounds)
    if (!result) throw new Error('the key pools were not measured')
    return result
  } finally {
    for (const { process } of candidates) await process.stop()
  }
}
