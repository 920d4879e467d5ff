/** Whoever is measured: the barest relay first, the gateway, and, when asked for, what others offer. */
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Candidate } from './measure.ts'
import { configuration } from './phases.ts'
import { freePort, start } from './process.ts'
import type { Measured } from './process.ts'
import { musistudio } from './rivals/musistudio.ts'
import { nginx } from './rivals/nginx.ts'
import { portkey } from './rivals/portkey.ts'

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/**
 * What every ratio is made of.
 * @param beside the root of another checkout of this project, whose gateway is measured in the same rounds
 */
export async function startReferences(upstream: number, directory: string, beside?: string): Promise<Candidate[]> {
  const config = configuration(upstream)
  const candidates: Candidate[] = [
    { process: await startRelay(upstream), bare: true, reference: true },
    { process: await startGateway(config, directory), bare: false, reference: true },
  ]
  if (beside === undefined) return candidates
  const process = await startGateway(config, directory, `gateway of ${basename(beside)}`, beside)
  return [...candidates, { process, bare: false, reference: true }]
}

/** @param directory for configurations, and for what is fetched */
export async function startOthers(upstream: number, directory: string): Promise<Candidate[]> {
  const candidates: Candidate[] = [
    { process: await startRelay(upstream, 'Fastify relay', './fastify-relay.ts'), bare: true },
  ]
  for (const make of [portkey, musistudio, nginx]) {
    try {
      candidates.push(await make(upstream, directory))
    } catch (error) {
      console.log(`left out: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`)
    }
  }
  return candidates
}

export async function startRelay(upstream: number, name = 'bare relay', module = './relay.ts'): Promise<Measured> {
  return start(name, [file(module), `http://127.0.0.1:${upstream}`], await freePort())
}

export async function startGateway(
  config: unknown,
  directory: string,
  name = 'gateway',
  root = file('../..'),
): Promise<Measured> {
  const path = join(directory, `${name.replaceAll(/\W/g, '-')}.yaml`)
  writeFileSync(path, JSON.stringify(config))
  const port = await freePort()
  return start(name, [join(root, 'src/main.ts'), 'serve', '--config', path, '--port', String(port)], port)
}
